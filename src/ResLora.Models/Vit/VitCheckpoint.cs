namespace ResLora.Models.Vit;

/// <summary>How the checkpoints of vision transformers name their tensors.</summary>
internal static class VitCheckpoint
{
    /// <summary>The head.</summary>
    public const string Classifier = "classifier";

    // Of heads for other purposes: the bare model's pooler, what fills in masked patches, and the two of models with a teacher.
    private static readonly string[] _otherHeads =
        ["pooler.", "decoder.", "embeddings.mask_token", "cls_classifier.", "distillation_classifier."];

    // From the names of published files to those inside of transformers 5, which its state dictionaries and PEFT's adapters have. In this
    // order: the outputs of attention are outputs, too.
    private static readonly (string Published, string Inner)[] _innerNames =
    [
        ("encoder.layer", "layers"), ("attention.attention.query", "attention.q_proj"), ("attention.attention.key", "attention.k_proj"),
        ("attention.attention.value", "attention.v_proj"), ("attention.output.dense", "attention.o_proj"),
        ("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2"),
    ];

    /// <summary>The layout.</summary>
    /// <param name="family">The first part of names.</param>
    public static CheckpointLayout Of(string family)
    {
        var prefix = family + ".";
        return new CheckpointLayout
        {
            Names = name => Names(name, prefix),
            IsIgnored = name => _otherHeads.Any(WithoutPrefix(name, prefix).StartsWith),
            ReplaceableModules = [Classifier],
            IsFloat32 = name => name.StartsWith(Classifier + ".", StringComparison.Ordinal),
        };
    }

    /// <summary>The name inside of transformers 5.</summary>
    /// <param name="published">The name in published files.</param>
    public static string Inner(string published) => Replaced(published, _innerNames);

    /// <summary>The name in published files.</summary>
    /// <param name="inner">The name inside of transformers 5; a published one stays as it is.</param>
    public static string Published(string inner) => Replaced(inner, _innerNames.Select(part => (part.Inner, part.Published)));

    /// <summary>Of whole parts of a name only.</summary>
    private static string Replaced(string name, IEnumerable<(string From, string To)> parts) =>
        parts.Aggregate($".{name}.", (all, part) => all.Replace($".{part.From}.", $".{part.To}.", StringComparison.Ordinal))[1..^1];

    /// <summary>Bare models are saved without the prefix.</summary>
    private static IEnumerable<string> Names(string name, string prefix)
    {
        string[] published = [name, WithoutPrefix(name, prefix)];
        return published.Concat(published.Select(Inner)).Distinct(StringComparer.Ordinal);
    }

    private static string WithoutPrefix(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
}
