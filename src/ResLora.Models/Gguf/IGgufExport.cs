using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Models.Gguf;

/// <summary>How a network is laid out in GGUF: keys, names and order of rows, as llama.cpp expects them.</summary>
public interface IGgufExport
{
    /// <summary>llama.cpp's name of the architecture.</summary>
    string Architecture { get; }

    /// <summary>What llama.cpp will do otherwise than the model here, a sentence each; empty when nothing is lost.</summary>
    IReadOnlyList<string> Losses { get; }

    /// <summary>Adds the keys that describe the network.</summary>
    /// <param name="metadata">Where they go.</param>
    void Describe(GgufMetadata metadata);

    /// <summary>The tensors of a model.</summary>
    /// <param name="model">The model, without adapter blocks; borrowed, and needed until the tensors are written.</param>
    /// <param name="type">How matrices are stored.</param>
    /// <returns>The tensors.</returns>
    IEnumerable<GgufTensor> Tensors(Network model, GgufWeightType type);

    /// <summary>The GGUF name of the weight that an adapter's block stands beside.</summary>
    /// <param name="module">The block's module, a dotted name.</param>
    /// <returns>The name.</returns>
    /// <exception cref="ConfigException">There is no place for a block on it.</exception>
    string AdaptedName(string module);

    /// <summary>The rows of a weight, a bias or an adapter's B in the order that llama.cpp expects.</summary>
    /// <param name="module">The module's dotted name.</param>
    /// <param name="rows">[Dout, ...], borrowed.</param>
    /// <returns>New tensor of the same shape, owned by the caller; shares memory where nothing moves.</returns>
    Tensor OrderRows(string module, Tensor rows);
}
