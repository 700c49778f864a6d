namespace ResLora.Models;

/// <summary>
/// How a family's checkpoints differ from its network: other names, tensors that are not needed, tensors that may be missing.
/// </summary>
public sealed record CheckpointLayout
{
    /// <summary>The names that a tensor of the network may have in a file, the usual one first.</summary>
    public Func<string, IEnumerable<string>> Names { get; init; } = name => [name];

    /// <summary>Whether a tensor that the network has no use for may be in a file.</summary>
    public Func<string, bool> IsIgnored { get; init; } = _ => false;

    /// <summary>Modules that are drawn anew where a file lacks one of their tensors or has it in another shape. Dotted names.</summary>
    public IReadOnlyList<string> ReplaceableModules { get; init; } = [];

    /// <summary>Whether a tensor of the network is float32 whatever the others are.</summary>
    public Func<string, bool> IsFloat32 { get; init; } = _ => false;
}
