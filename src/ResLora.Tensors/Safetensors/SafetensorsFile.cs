using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>A safetensors file as one of several formats.</summary>
/// <param name="reader">The open file; from now on this one's.</param>
internal sealed class SafetensorsFile(SafetensorsReader reader) : ITensorFile
{
    /// <inheritdoc />
    public string Path => reader.Path;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Metadata => reader.Metadata;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; } = reader.Entries.ToDictionary(
        entry => entry.Key, entry => new StoredTensor(entry.Value.DataType, entry.Value.Shape), StringComparer.Ordinal);

    /// <inheritdoc />
    public IEnumerable<string> NotTensors => [];

    /// <inheritdoc />
    public string? Instead(string name) => null;

    /// <inheritdoc />
    public Tensor Read(string name) => reader.Read(name);

    /// <inheritdoc />
    public void Dispose() => reader.Dispose();
}
