using static TorchSharp.torch;

namespace ResLora.Models.Gguf;

/// <summary>
/// Where the parameters of a network are in GGUF files, to read them. It shares nothing with <see cref="IGgufExport"/>: what it reads right
/// was written right.
/// </summary>
public interface IGgufNames
{
    /// <summary>llama.cpp's name of the architecture.</summary>
    string Architecture { get; }

    /// <summary>The GGUF name of a parameter.</summary>
    /// <param name="parameter">Its dotted name in the network.</param>
    /// <returns>The name.</returns>
    string StoredName(string parameter);

    /// <summary>Rows of a file in the order of the network.</summary>
    /// <param name="storedName">The GGUF name of the weight that the rows are of, or of which they are an adapter's B.</param>
    /// <param name="rows">[Dout, ...], borrowed.</param>
    /// <returns>New tensor of the same shape, owned by the caller; shares memory where nothing moves.</returns>
    Tensor RestoreRows(string storedName, Tensor rows);
}
