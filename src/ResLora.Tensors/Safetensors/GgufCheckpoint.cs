using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Models;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>The weights of a model in a GGUF file under Hugging Face's names, rows in Hugging Face's order; unpacked when they are
/// read.</summary>
internal sealed class GgufCheckpoint : IDisposable
{
    private readonly GgufFile _file;
    private readonly Dictionary<string, GgufModelTensor> _tensors;

    private GgufCheckpoint(GgufFile file, IReadOnlyList<GgufModelTensor> tensors)
    {
        _file = file;
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Header = new SafetensorsHeader(
            tensors.ToDictionary(tensor => tensor.Name, Entry, StringComparer.Ordinal), new Dictionary<string, string>());
    }

    /// <summary>The tensors as a folder's checkpoint lists them.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>Opens a file and checks that it holds a whole model.</summary>
    /// <exception cref="FileFormatException">The file is broken, or its tensors do not fit its keys.</exception>
    /// <exception cref="ConfigException">The model is not supported.</exception>
    public static GgufCheckpoint Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new GgufCheckpoint(file, GgufModel.Read(file).Tensors);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor, unpacked: float16 and bfloat16 as stored, all else float32.</summary>
    public Tensor Read(string name)
    {
        var tensor = _tensors[name];
        var rows = _file.Read(tensor.Entry.Name);
        if (tensor.Heads == 0)
        {
            return rows;
        }

        using (rows)
        {
            return HeadRows.Restore(rows, tensor.Heads);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static SafetensorsEntry Entry(GgufModelTensor tensor) => new(
        tensor.Name, GgufTensorReader.DataType(
            GgufStoredType.Named(tensor.Entry.TypeName)), tensor.Entry.Shape, tensor.Entry.Offset, tensor.Entry.Length)
    {
        IsView = false,
    };
}
