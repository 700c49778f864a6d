using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>The tensors of an open file.</summary>
internal static class InspectedTensors
{
    /// <summary>Lists them.</summary>
    /// <param name="file">The file.</param>
    /// <returns>The tensors, sorted by name.</returns>
    public static IReadOnlyList<InspectedTensor> Of(ITensorFile file) =>
    [
        .. file.Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal).Select(tensor => new InspectedTensor(
            tensor.Key,
            tensor.Value.DataType.ToString().ToLowerInvariant(),
            tensor.Value.Shape,
            tensor.Value.Shape.Aggregate(1L, (count, size) => count * size) * SizeOf(tensor.Value.DataType))),
    ];

    /// <summary>How each of them is read.</summary>
    /// <param name="file">The file, needed until they are read.</param>
    /// <returns>Names, and what reads a new tensor for the caller.</returns>
    public static IEnumerable<KeyValuePair<string, Func<Tensor>>> ReadersOf(ITensorFile file) =>
        file.Tensors.Keys.Order(StringComparer.Ordinal).Select(name => KeyValuePair.Create(name, () => file.Read(name)));

    private static long SizeOf(ScalarType type)
    {
        using var one = empty(1, dtype: type);
        return one.ElementSize;
    }
}
