using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>Where a tensor lies in a safetensors file, and what it is.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">Where its data begins, in bytes from the start of the file.</param>
/// <param name="Length">How long its data is, in bytes.</param>
public sealed record SafetensorsEntry(string Name, ScalarType DataType, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>
    /// Whether a reader can show its pages as they are. False where it makes the numbers out of others, as for packed types of GGUF, whose
    /// <see cref="Length"/> is that of what is stored.
    /// </summary>
    public bool IsView { get; init; } = true;

    /// <summary>How many elements it has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>How long its data is in memory, in bytes; more than <see cref="Length"/> where it is packed.</summary>
    public long UnpackedLength => IsView ? Length : Count * SafetensorsType.Find(DataType)!.Width;

    /// <summary>The memory of the process that its numbers take, in bytes; none where pages of the file are shown as they are.</summary>
    /// <param name="computed">The type they are computed in.</param>
    /// <returns>The bytes.</returns>
    public long CopiedLength(ScalarType computed) => IsView && DataType == computed ? 0 : Count * SafetensorsType.Find(computed)!.Width;

    /// <summary>The type of most elements of several tensors: some checkpoints keep their norms in another than their matrices.</summary>
    /// <param name="entries">The tensors.</param>
    /// <returns>The type; null for no tensors.</returns>
    public static ScalarType? MainType(IEnumerable<SafetensorsEntry> entries) =>
        entries.GroupBy(entry => entry.DataType, entry => entry.Count).MaxBy(group => group.Sum())?.Key;
}
