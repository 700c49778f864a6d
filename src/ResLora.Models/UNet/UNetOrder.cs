using System.Globalization;

namespace ResLora.Models.UNet;

/// <summary>When the layers of a UNet run, what they are for and how many pixels they see: all from their names and the
/// configuration.</summary>
internal static class UNetOrder
{
    private static readonly string[] _stages =
        ["time_embedding", "conv_in", "down_blocks", "mid_block", "up_blocks", "conv_norm_out", "conv_out"];

    // The layers of attention to the text that read the text.
    private static readonly string[] _readers = ["attn2.to_k", "attn2.to_v"];

    /// <summary>
    /// The order of execution: the way down, the middle, the way up; within a block a residual block, its transformer, and so on, and the
    /// sampler last.
    /// </summary>
    /// <param name="registered">The layers by registration, which is right within a residual block and within a transformer.</param>
    public static IEnumerable<string> Sorted(IEnumerable<string> registered) => registered.OrderBy(Place);

    /// <summary>What a layer is for: the part of its name behind the residual block, transformer or layer that it is in.</summary>
    public static string Role(string layer)
    {
        var parts = layer.Split('.');
        var start = Array.FindIndex(parts, part => part == "transformer_blocks") is >= 0 and var inner
            ? inner + 2
            : Array.FindIndex(parts, part => part is "resnets" or "attentions") is >= 0 and var outer
                ? outer + 2
                : Array.FindIndex(parts, part => part is "downsamplers" or "upsamplers");
        return start < 0 ? layer : "*." + string.Join('.', parts[start..]);
    }

    /// <summary>How many pixels a layer sees, in pictures of the configuration's size; null where it sees none, but the time or a
    /// text.</summary>
    public static long? Pixels(UNetConfig config, string layer)
    {
        var parts = layer.Split('.');
        if (parts[0] == "time_embedding" || parts[^1] == "time_emb_proj" || _readers.Any(layer.EndsWith))
        {
            return null;
        }

        var last = config.Channels.Count - 1;
        return UNetShape.Pixels(config, parts[0] switch
        {
            "down_blocks" => Number(parts[1]),
            "mid_block" => last,
            "up_blocks" => last - Number(parts[1]) - (parts.Contains("upsamplers") ? 1 : 0),
            _ => 0,
        });
    }

    private static (int Stage, int Block, int Layer, int Kind) Place(string name)
    {
        var parts = name.Split('.');
        var stage = Array.IndexOf(_stages, parts[0]);
        var isBlock = parts[0] is "down_blocks" or "up_blocks";
        string[] inner = [.. parts.Skip(isBlock ? 2 : 1)];
        var block = isBlock ? Number(parts[1]) : 0;
        return inner switch
        {
            ["resnets", var layer, ..] => (stage, block, Number(layer), 0),
            ["attentions", var layer, ..] => (stage, block, Number(layer), 1),
            ["downsamplers" or "upsamplers", ..] => (stage, block, int.MaxValue, 0),
            _ => (stage, block, 0, 0),
        };
    }

    private static int Number(string part) => int.Parse(part, CultureInfo.InvariantCulture);
}
