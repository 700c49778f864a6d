using ResLora.Models.Memory;

namespace ResLora.Models.Vit;

/// <summary>What training keeps of a vision transformer. Letters as in <see cref="EagerMemory"/>.</summary>
internal static class VitMemory
{
    private const int HalfWidth = 2;

    /// <summary>The account of a model.</summary>
    /// <param name="config">Its description.</param>
    /// <param name="outputs">N, the outputs of its head.</param>
    /// <param name="terms">How it is trained.</param>
    public static MemoryAccount Of(VitConfig config, int outputs, TrainingTerms terms) => new()
    {
        Layers = [.. Enumerable.Repeat(Layer(config, terms.Width), config.LayerCount)],
        BehindLayers = Norm(config.HiddenSize, terms.Width) + Pixels(config, terms),
        Loss = EagerMemory.Loss(outputs),
    };

    private static LayerAccount Layer(VitConfig config, int width)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize;
        var byProducts = width == HalfWidth;
        var attention = byProducts
            ? EagerMemory.AttentionByProducts(hidden, config.HeadCount, config.AttentionDropout, width)
            : EagerMemory.Attention(hidden, config.HeadCount, config.AttentionDropout, width);
        return EagerMemory.EncoderLayer(
            hidden, inside, attention, config.HiddenDropout, width,
            [
                new(hidden, "query", "key", "value"),
                new(hidden, "attention.output.dense") { IsKeptAnyway = !byProducts && config.AttentionDropout == 0 },
                new(hidden, "intermediate.dense"),
                new(inside, "output.dense"),
            ]);
    }

    /// <summary>The last norm keeps its input, mean and deviation.</summary>
    private static long Norm(long hidden, int width) => (hidden * width) + (2 * EagerMemory.FloatBytes);

    /// <summary>A token's part of the picture: in float32 as the batch has it, and again in the dtype that is computed in.</summary>
    private static long Pixels(VitConfig config, TrainingTerms terms) =>
        (long)config.Channels * config.PatchSize.Height * config.PatchSize.Width
        * (EagerMemory.FloatBytes + (terms.Width == EagerMemory.FloatBytes ? 0 : terms.Width));
}
