using ResLora.Experiments.Inspection.Adapters;

namespace ResLora.Experiments.Inspection;

/// <summary>What a model, an adapter or a file of tensors holds, known without reading a weight.</summary>
/// <param name="Path">What was inspected.</param>
/// <param name="Kind"><c>model</c>, <c>adapter</c>, <c>safetensors</c> or <c>gguf</c>.</param>
/// <param name="Facts">Its settings, name and value, in the order to be shown.</param>
/// <param name="Tensors">Its tensors by name.</param>
/// <param name="LinearLayers">A model's linear layers, which adapters can go on; empty for the rest.</param>
/// <param name="Notes">What a user should know besides, a sentence each.</param>
public sealed record InspectionReport(
    string Path,
    string Kind,
    IReadOnlyList<KeyValuePair<string, string>> Facts,
    IReadOnlyList<InspectedTensor> Tensors,
    IReadOnlyList<LinearGroup> LinearLayers,
    IReadOnlyList<string> Notes)
{
    /// <summary>An adapter's blocks; empty for the rest.</summary>
    public IReadOnlyList<BlockHealth> Blocks { get; init; } = [];

    /// <summary>The number of stored numbers.</summary>
    public long Parameters => Tensors.Sum(tensor => tensor.Count);

    /// <summary>The size of all data, in bytes.</summary>
    public long Bytes => Tensors.Sum(tensor => tensor.Bytes);

    /// <summary>The number of stored numbers of each type.</summary>
    public IReadOnlyDictionary<string, long> ParametersByType => Tensors
        .GroupBy(tensor => tensor.DataType, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Sum(tensor => tensor.Count), StringComparer.Ordinal);
}
