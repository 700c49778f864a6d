using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.SingleFile;

/// <summary>Names and shapes that need no file.</summary>
internal sealed class MemoryTensorFile : ITensorFile
{
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    public string Path => "memory.ckpt";

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    public Dictionary<string, string> Others { get; } = [];

    public IEnumerable<string> NotTensors => Others.Keys;

    public MemoryTensorFile Add(string name, params long[] shape) => Add(name, ScalarType.Float32, shape);

    public MemoryTensorFile Add(string name, ScalarType type, params long[] shape)
    {
        _tensors[name] = new StoredTensor(type, shape);
        return this;
    }

    public string? Instead(string name) => Others.GetValueOrDefault(name);

    public Tensor Read(string name) => throw new InvalidOperationException("A plan reads nothing.");

    public void Dispose()
    {
    }
}
