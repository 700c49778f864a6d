using ResLora.Models.Gguf;
using static TorchSharp.torch;

namespace ResLora.Models.Llama;

/// <summary>Where a Llama's parameters are in GGUF files.</summary>
/// <param name="config">The model's description.</param>
internal sealed class GgufLlamaNames(LlamaConfig config) : IGgufNames
{
    /// <inheritdoc />
    public string Architecture => config.ModelType == "mistral" ? "llama" : config.ModelType;

    /// <inheritdoc />
    public string StoredName(string parameter) => GgufLlamaImport.StoredName(parameter);

    /// <inheritdoc />
    public Tensor RestoreRows(string storedName, Tensor rows) =>
        GgufLlamaImport.ReorderedHeads(storedName, config with { ModelType = Architecture }) is { } heads
            ? GgufLlamaImport.RestoreRows(rows, heads)
            : rows.alias();
}
