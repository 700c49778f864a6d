using static TorchSharp.torch;

namespace ResLora.Formats.Safetensors;

/// <summary>Where a tensor lies in a safetensors file, and what it is.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">Where its data begins, in bytes from the start of the file.</param>
/// <param name="Length">How long its data is, in bytes.</param>
public sealed record SafetensorsEntry(string Name, ScalarType DataType, IReadOnlyList<long> Shape, long Offset, long Length);
