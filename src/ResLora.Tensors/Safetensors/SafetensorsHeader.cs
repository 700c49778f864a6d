namespace ResLora.Tensors.Safetensors;

/// <summary>What a safetensors file or checkpoint folder says about its tensors, checked, without their data.</summary>
/// <param name="Entries">The tensors by name.</param>
/// <param name="Metadata">The free texts of the header's <c>__metadata__</c>; empty when it has none.</param>
public sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, SafetensorsEntry> Entries,
    IReadOnlyDictionary<string, string> Metadata);
