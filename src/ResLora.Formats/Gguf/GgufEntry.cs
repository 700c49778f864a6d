namespace ResLora.Formats.Gguf;

/// <summary>Where a tensor lies in a GGUF file, and what it is.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">Its sizes in torch's order.</param>
/// <param name="TypeName">ggml's name of the element type, such as <c>Q8_0</c>.</param>
/// <param name="Offset">Where its data begins, in bytes from the start of the file that holds it.</param>
/// <param name="Length">How long its data is, in bytes.</param>
public sealed record GgufEntry(string Name, IReadOnlyList<long> Shape, string TypeName, long Offset, long Length)
{
    /// <summary>Which file of a model in several files holds it, from 0.</summary>
    public int Part { get; init; }

    /// <summary>How many numbers it has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);
}
