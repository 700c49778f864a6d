using System.Globalization;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>
/// The names that the layers of a UNet have in the original Stable Diffusion checkpoint: the way back from <see cref="OriginalNames"/>.
/// </summary>
/// <param name="layersPerBlock">The configuration's <c>layers_per_block</c>, at least 1.</param>
/// <param name="hasAttention">Whether a block on the way up has transformers, by its number.</param>
public sealed class OriginalLayers(int layersPerBlock, Func<int, bool> hasAttention)
{
    private static readonly (string Own, string Original)[] _ends =
    [
        ("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
        ("conv_in", "input_blocks.0.0"), ("conv_out", "out.2"),
    ];

    private static readonly (string Own, string Original)[] _resnet =
    [
        ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection"),
    ];

    /// <summary>The original name of a layer.</summary>
    /// <param name="layer">diffusers' dotted name, without <c>unet.</c>.</param>
    /// <returns>The original name, without <c>model.diffusion_model.</c>; null for a layer that it does not have.</returns>
    public string? Of(string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Of(_ends, layer) is { } end ? end : layer.Split('.') switch
        {
            ["mid_block", "resnets", "0", var inner] when Of(_resnet, inner) is { } own => $"middle_block.0.{own}",
            ["mid_block", "resnets", "1", var inner] when Of(_resnet, inner) is { } own => $"middle_block.2.{own}",
            ["mid_block", "attentions", "0", .. var rest] => $"middle_block.1.{string.Join('.', rest)}",
            ["down_blocks", var block, var kind, var place, .. var rest] when Number(block) is { } level && Number(place) is { } at =>
                Behind("input_blocks", 1 + (level * (layersPerBlock + 1)), kind, at, rest, sampler: "0.op"),
            ["up_blocks", var block, var kind, var place, .. var rest] when Number(block) is { } level && Number(place) is { } at =>
                Behind("output_blocks", level * (layersPerBlock + 1), kind, at, rest, sampler: hasAttention(level) ? "2.conv" : "1.conv"),
            _ => null,
        };
    }

    private string? Behind(string blocks, int first, string kind, int place, string[] rest, string sampler) => kind switch
    {
        "resnets" when rest.Length == 1 && Of(_resnet, rest[0]) is { } own => $"{blocks}.{first + place}.0.{own}",
        "attentions" => $"{blocks}.{first + place}.1.{string.Join('.', rest)}",
        "downsamplers" or "upsamplers" when place == 0 && rest is ["conv"] => $"{blocks}.{first + layersPerBlock}.{sampler}",
        _ => null,
    };

    private static string? Of((string Own, string Original)[] table, string name) => Array.Find(table, entry => entry.Own == name).Original;

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
