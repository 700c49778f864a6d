namespace ResLora.Models.UNet;

/// <summary>What follows from a configuration for single parts of the network. Blocks on the way up count from the smallest
/// pictures.</summary>
internal static class UNetShape
{
    /// <summary>Whether a block on the way down, the one opposite of it, or the middle has transformers of its width.</summary>
    public static bool HasHeads(UNetConfig config, int block) =>
        config.DownBlocks[block] == UNetConfigProblems.CrossDown || block == config.DownBlocks.Count - 1
        || config.UpBlocks[config.DownBlocks.Count - 1 - block] == UNetConfigProblems.CrossUp;

    /// <summary>The residual block of given channels.</summary>
    public static Diffusion.ResNetShape ResNet(UNetConfig config, long inputs, long outputs) =>
        new(inputs, outputs, config.TimeWidth, config.NormGroups, config.NormEpsilon);

    /// <summary>
    /// The channels of what enters each residual block of a block on the way up: those of what runs before it, and of what the way down
    /// left for it.
    /// </summary>
    public static IEnumerable<long> UpInputs(UNetConfig config, int block)
    {
        var opposite = config.Channels.Count - 1 - block;
        long channels = config.Channels[opposite];
        long before = config.Channels[Math.Min(opposite + 1, config.Channels.Count - 1)];
        long outer = config.Channels[Math.Max(opposite - 1, 0)];
        var count = config.Layers.Of(opposite) + 1;
        return Enumerable.Range(0, count).Select(layer => (layer == 0 ? before : channels) + (layer == count - 1 ? outer : channels));
    }

    /// <summary>How many pixels the pictures of a level have, for latents of the size that the configuration says.</summary>
    /// <param name="config">The configuration; a size that it lacks is taken for 64.</param>
    /// <param name="level">How many times they were halved.</param>
    public static long Pixels(UNetConfig config, int level)
    {
        var (height, width) = config.SampleSize is { } size ? ((long)size.Height, (long)size.Width) : (64, 64);
        for (var i = 0; i < level; i++)
        {
            (height, width) = ((height + 1) / 2, (width + 1) / 2);
        }

        return height * width;
    }
}
