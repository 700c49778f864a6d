namespace ResLora.Experiments.Inspection;

/// <summary>A stored tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">The type of its elements, such as <c>bfloat16</c>; in GGUF ggml's, such as <c>q4_k</c>.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Bytes">The size of its data, in bytes.</param>
public sealed record InspectedTensor(string Name, string DataType, IReadOnlyList<long> Shape, long Bytes)
{
    /// <summary>The number of its elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}
