using ResLora.Formats.Errors;

namespace ResLora.Models;

/// <summary>
/// Networks that one folder of code builds. What is known of a single network (facts, layout of checkpoints, memory, place in GGUF) the
/// <see cref="Network"/> itself says.
/// </summary>
public sealed record ModelFamily
{
    /// <summary>
    /// The values of <c>model_type</c> in config.json that are this family's; of <c>_class_name</c> for parts of diffusers' pipelines,
    /// which have no type.
    /// </summary>
    public required IReadOnlyList<string> ModelTypes { get; init; }

    /// <summary>
    /// Builds the network that a folder's config.json describes, on the meta device: the folder, and the head that is asked for, null for
    /// the one that the configuration describes. Throws <see cref="FileFormatException"/> and <see cref="ConfigException"/>.
    /// </summary>
    public required Func<string, ModelHead?, Network> Build { get; init; }

    /// <summary>Describes a new network of texts, to be pretrained; null for a family that none is made of.</summary>
    public Func<TextNetworkShape, NewNetwork>? New { get; init; }

    /// <summary>Describes a new network of pictures, to be pretrained; null for a family that none is made of.</summary>
    public Func<ImageNetworkShape, NewNetwork>? NewOfImages { get; init; }

    /// <summary>Whether GGUF files hold networks of the family. Default false.</summary>
    public bool IsInGguf { get; init; }
}
