using System.Globalization;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>
/// The names of the text encoder in original Stable Diffusion checkpoints, in diffusers' words: CLIP as transformers has it (1.x), or as
/// open_clip has it (2.x). Names are without the prefix (<see cref="HuggingFacePrefix"/>, <see cref="OpenClipPrefix"/>).
/// </summary>
public static class OriginalTextNames
{
    /// <summary>What the names of a text encoder by transformers begin with.</summary>
    public const string HuggingFacePrefix = "cond_stage_model.transformer.";

    /// <summary>What the names of a text encoder by open_clip begin with.</summary>
    public const string OpenClipPrefix = "cond_stage_model.model.";

    private const string Inner = "text_model.";
    private const string Blocks = "transformer.resblocks.";

    private static readonly (string Original, string Own)[] _ends =
    [
        ("token_embedding.weight", "embeddings.token_embedding.weight"),
        ("positional_embedding", "embeddings.position_embedding.weight"),
        ("ln_final.weight", "final_layer_norm.weight"), ("ln_final.bias", "final_layer_norm.bias"),
    ];

    private static readonly (string Original, string Own)[] _layer =
    [
        ("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("mlp.c_fc.", "mlp.fc1."), ("mlp.c_proj.", "mlp.fc2."),
        ("attn.out_proj.", "self_attn.out_proj."),
    ];

    private static readonly (string Projection, SourcePart Part)[] _thirds =
        [("q_proj", SourcePart.FirstThird), ("k_proj", SourcePart.SecondThird), ("v_proj", SourcePart.LastThird)];

    /// <summary>What becomes of a tensor of an encoder by transformers.</summary>
    /// <param name="name">The name, as <c>text_model.encoder.layers.0.mlp.fc1.weight</c>; older files lack the first part.</param>
    /// <returns>The name in the network; nothing for positions in order, which are not needed.</returns>
    public static IReadOnlyList<(string Name, SourcePart Part)> HuggingFace(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var inner = name.StartsWith(Inner, StringComparison.Ordinal) ? name[Inner.Length..] : name;
        return inner == "embeddings.position_ids" ? [] : [(Inner + inner, SourcePart.Whole)];
    }

    /// <summary>What becomes of a tensor of an encoder by open_clip.</summary>
    /// <param name="name">The name, as <c>transformer.resblocks.0.attn.in_proj_weight</c>.</param>
    /// <param name="layers">The layers of the network. One more in the file is left out, since Stable Diffusion 2 reads what leaves the
    /// last but one.</param>
    /// <returns>The names in the network; nothing for what is not needed, null if the name is none of such an encoder.</returns>
    public static IReadOnlyList<(string Name, SourcePart Part)>? OpenClip(string name, int layers)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        if (name is "text_projection" or "logit_scale")
        {
            return [];
        }

        if (Array.Find(_ends, end => end.Original == name).Own is { } own)
        {
            return [(Inner + own, SourcePart.Whole)];
        }

        if (!name.StartsWith(Blocks, StringComparison.Ordinal)
            || name[Blocks.Length..].Split('.', 2) is not [var number, var rest]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            || layer > layers
            || Layer(rest) is not { } found)
        {
            return null;
        }

        return layer == layers ? [] : [.. found.Select(one => ($"{Inner}encoder.layers.{layer}.{one.Name}", one.Part))];
    }

    private static IReadOnlyList<(string Name, SourcePart Part)>? Layer(string rest)
    {
        if (rest is "attn.in_proj_weight" or "attn.in_proj_bias")
        {
            var kind = rest["attn.in_proj_".Length..];
            return [.. _thirds.Select(third => ($"self_attn.{third.Projection}.{kind}", third.Part))];
        }

        return Array.Find(
            _layer, row => rest.StartsWith(row.Original, StringComparison.Ordinal)) is { Original: { } original, Own: var own }
            ? [(own + rest[original.Length..], SourcePart.Whole)]
            : null;
    }
}
