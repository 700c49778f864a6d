namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>
/// The names of the original Stable Diffusion checkpoint's UNet and autoencoder in diffusers' words. The blocks are counted from the
/// configuration, so there is no list of names. Names are without the component's prefix (<c>model.diffusion_model.</c>,
/// <c>first_stage_model.</c>).
/// </summary>
public static class OriginalNames
{
    private static readonly (string Original, string Diffusers)[] _unetEnds =
    [
        ("time_embed.0.", "time_embedding.linear_1."), ("time_embed.2.", "time_embedding.linear_2."),
        ("input_blocks.0.0.", "conv_in."), ("out.0.", "conv_norm_out."), ("out.2.", "conv_out."),
        ("middle_block.1.", "mid_block.attentions.0."),
    ];

    private static readonly (string Original, string Diffusers)[] _unetResnet =
    [
        ("in_layers.0.", "norm1."), ("in_layers.2.", "conv1."), ("emb_layers.1.", "time_emb_proj."),
        ("out_layers.0.", "norm2."), ("out_layers.3.", "conv2."), ("skip_connection.", "conv_shortcut."),
    ];

    private static readonly (string Original, string Diffusers)[] _vaeAttention =
    [
        ("norm.", "group_norm."), ("q.", "to_q."), ("k.", "to_k."), ("v.", "to_v."), ("proj_out.", "to_out.0."),
    ];

    /// <summary>diffusers' name of a tensor of the UNet, or null if the name is none of its.</summary>
    /// <param name="name">The original name, as <c>input_blocks.1.0.in_layers.0.weight</c>.</param>
    /// <param name="layersPerBlock">The configuration's <c>layers_per_block</c>, at least 1.</param>
    public static string? Unet(string name, int layersPerBlock)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(layersPerBlock, 1);

        if (Renamed(name, _unetEnds) is { } end)
        {
            return end;
        }

        string[] parts = name.Split('.', 4);
        if (name.StartsWith("middle_block.", StringComparison.Ordinal))
        {
            string[] middle = name.Split('.', 3);
            return middle is [_, "0" or "2", var inner]
                ? Behind($"mid_block.resnets.{(middle[1] == "0" ? 0 : 1)}.", inner, _unetResnet)
                : null;
        }

        if (parts.Length < 4 || !Index(parts[1], out int block))
        {
            return null;
        }

        int perLevel = layersPerBlock + 1;
        string rest = parts[3];
        if (parts[0] == "input_blocks" && block > 0)
        {
            (int level, int layer) = Math.DivRem(block - 1, perLevel);
            return (layer == layersPerBlock, parts[2]) switch
            {
                (true, "0") => Behind($"down_blocks.{level}.downsamplers.0.", rest, [("op.", "conv.")]),
                (false, "0") => Behind($"down_blocks.{level}.resnets.{layer}.", rest, _unetResnet),
                (false, "1") => $"down_blocks.{level}.attentions.{layer}.{rest}",
                _ => null,
            };
        }

        if (parts[0] != "output_blocks")
        {
            return null;
        }

        (int up, int position) = Math.DivRem(block, perLevel);
        bool sampler = rest.StartsWith("conv.", StringComparison.Ordinal) && position == layersPerBlock;
        return (parts[2], sampler) switch
        {
            ("0", _) => Behind($"up_blocks.{up}.resnets.{position}.", rest, _unetResnet),
            ("1" or "2", true) => $"up_blocks.{up}.upsamplers.0.{rest}",
            ("1", false) => $"up_blocks.{up}.attentions.{position}.{rest}",
            _ => null,
        };
    }

    /// <summary>diffusers' name of a tensor of the autoencoder, or null if the name is none of its.</summary>
    /// <param name="name">The original name, as <c>decoder.up.2.block.0.norm1.weight</c>.</param>
    /// <param name="levels">How many levels the autoencoder has; the decoder's are counted backwards in the original.</param>
    public static string? Autoencoder(string name, int levels)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 1);

        string[] parts = name.Split('.', 6);
        return parts switch
        {
            ["quant_conv" or "post_quant_conv", _] => name,
            ["encoder" or "decoder", "conv_in" or "conv_out", _] => name,
            ["encoder" or "decoder", "norm_out", var kind] => $"{parts[0]}.conv_norm_out.{kind}",
            ["encoder" or "decoder", "mid", "attn_1", _, _] =>
                Behind($"{parts[0]}.mid_block.attentions.0.", $"{parts[3]}.{parts[4]}", _vaeAttention),
            ["encoder" or "decoder", "mid", "block_1" or "block_2", var layer, var kind] =>
                $"{parts[0]}.mid_block.resnets.{(parts[2] == "block_1" ? 0 : 1)}.{layer}.{kind}",
            ["encoder", "down", var level, "downsample", "conv", var kind] when Level(level, levels, out int at) =>
                $"encoder.down_blocks.{at}.downsamplers.0.conv.{kind}",
            ["decoder", "up", var level, "upsample", "conv", var kind] when Level(level, levels, out int at) =>
                $"decoder.up_blocks.{levels - 1 - at}.upsamplers.0.conv.{kind}",
            ["encoder", "down", var level, "block", var layer, var rest] when Level(level, levels, out int at) && Index(layer, out _) =>
                $"encoder.down_blocks.{at}.resnets.{layer}.{Shortcut(rest)}",
            ["decoder", "up", var level, "block", var layer, var rest] when Level(level, levels, out int at) && Index(layer, out _) =>
                $"decoder.up_blocks.{levels - 1 - at}.resnets.{layer}.{Shortcut(rest)}",
            _ => null,
        };
    }

    private static string Shortcut(string rest) => Renamed(rest, [("nin_shortcut.", "conv_shortcut.")]) ?? rest;

    private static string? Behind(string prefix, string rest, (string, string)[] table) =>
        Renamed(rest, table) is { } renamed ? prefix + renamed : null;

    private static string? Renamed(string name, (string Original, string Diffusers)[] table)
    {
        foreach ((string original, string diffusers) in table)
        {
            if (name.StartsWith(original, StringComparison.Ordinal))
            {
                return diffusers + name[original.Length..];
            }
        }

        return null;
    }

    private static bool Level(string text, int levels, out int level) => Index(text, out level) && level < levels;

    private static bool Index(string text, out int index) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out index);
}
