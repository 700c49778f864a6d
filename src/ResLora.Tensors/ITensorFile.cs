using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>An open file of tensors with names, whatever its format; disposing it leaves the tensors read from it valid.</summary>
public interface ITensorFile : IDisposable
{
    /// <summary>The file, as it was given.</summary>
    string Path { get; }

    /// <summary>Texts that the file has beside its tensors, by name; empty where the format has no place for them.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Names that something else stands under than a tensor that can be read; empty in most files.</summary>
    IEnumerable<string> NotTensors { get; }

    /// <summary>What stands under a name in place of a tensor, in words; null when there is nothing.</summary>
    /// <param name="name">The name.</param>
    string? Instead(string name);

    /// <summary>A tensor of the file.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>A new handle in the stored shape, the caller's; treat it as read-only.</returns>
    /// <exception cref="FileFormatException">The file has no such tensor, or was cut short since it was opened.</exception>
    Tensor Read(string name);
}

/// <summary>What is known of a tensor before it is read.</summary>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
public sealed record StoredTensor(ScalarType DataType, IReadOnlyList<long> Shape);
