namespace ResLora.Models.Clip;

/// <summary>How the checkpoints of CLIP's text encoders name their tensors.</summary>
internal static class ClipTextCheckpoint
{
    private const string Prefix = "text_model.";

    // Positions in order, and a projection of the pooled text that Stable Diffusion does not read.
    private static readonly string[] _ignored = ["embeddings.position_ids", "text_projection.weight"];

    /// <summary>The layout.</summary>
    public static CheckpointLayout Layout { get; } = new()
    {
        Names = name => [name, Inner(name)],
        IsIgnored = name => _ignored.Contains(Inner(name)),
    };

    /// <summary>The name inside of transformers 5, whose files have it, too: without the first part.</summary>
    /// <param name="published">The name in published files.</param>
    public static string Inner(string published) =>
        published.StartsWith(Prefix, StringComparison.Ordinal) ? published[Prefix.Length..] : published;

    /// <summary>The name in published files.</summary>
    /// <param name="inner">The name inside of transformers 5; a published one stays as it is.</param>
    public static string Published(string inner) => inner.StartsWith(Prefix, StringComparison.Ordinal) ? inner : Prefix + inner;
}
