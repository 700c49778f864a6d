namespace ResLora.Models.Vit;

/// <summary>How the checkpoints of vision transformers name their tensors.</summary>
internal static class VitCheckpoint
{
    /// <summary>The head.</summary>
    public const string Classifier = "classifier";

    private const string Prefix = "vit.";

    // Of heads for other purposes: the bare model's pooler, and what fills in masked patches.
    private static readonly string[] _otherHeads = ["pooler.", "decoder.", "embeddings.mask_token"];

    // From the names of published files to those inside of transformers 5, which a state dictionary of it has. In this order: the outputs
    // of attention are outputs, too.
    private static readonly (string Published, string Inner)[] _innerNames =
    [
        ("encoder.layer.", "layers."), ("attention.attention.query.", "attention.q_proj."),
        ("attention.attention.key.", "attention.k_proj."), ("attention.attention.value.", "attention.v_proj."),
        ("attention.output.dense.", "attention.o_proj."),
        ("intermediate.dense.", "mlp.fc1."), ("output.dense.", "mlp.fc2."),
    ];

    /// <summary>The layout.</summary>
    public static CheckpointLayout Layout { get; } = new()
    {
        Names = Names,
        IsIgnored = name => _otherHeads.Any(WithoutPrefix(name).StartsWith),
        ReplaceableModules = [Classifier],
        IsFloat32 = name => name.StartsWith(Classifier + ".", StringComparison.Ordinal),
    };

    /// <summary>Bare models are saved without the prefix.</summary>
    private static IEnumerable<string> Names(string name)
    {
        string[] published = name.StartsWith(Prefix, StringComparison.Ordinal) ? [name, WithoutPrefix(name)] : [name];
        return published.Concat(published.Select(Inner)).Distinct(StringComparer.Ordinal);
    }

    private static string Inner(string name) =>
        _innerNames.Aggregate(name, (inner, part) => inner.Replace(part.Published, part.Inner, StringComparison.Ordinal));

    private static string WithoutPrefix(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
}
