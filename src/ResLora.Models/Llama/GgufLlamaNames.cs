using ResLora.Formats.Gguf.Models;
using ResLora.Models.Gguf;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Models.Llama;

/// <summary>Where a Llama's parameters are in GGUF files. It shares nothing with <see cref="GgufLlamaExport"/>.</summary>
/// <param name="config">The model's description.</param>
internal sealed class GgufLlamaNames(LlamaConfig config) : IGgufNames
{
    /// <inheritdoc />
    public string Architecture => config.ModelType == "mistral" ? "llama" : config.ModelType;

    /// <inheritdoc />
    public string StoredName(string parameter) => GgufTensorNames.Stored(parameter);

    /// <inheritdoc />
    public Tensor RestoreRows(string storedName, Tensor rows) =>
        ReorderedHeads(storedName) is { } heads ? HeadRows.Restore(rows, heads) : rows.alias();

    /// <summary>The heads whose rows of a stored tensor stand in llama.cpp's order, or null when none do.</summary>
    private int? ReorderedHeads(string storedName)
    {
        var part = storedName.Split('.') is ["blk", _, var name, ..] ? name : "";
        return Architecture != "llama" ? null : part switch
        {
            "attn_q" => config.HeadCount,
            "attn_k" => config.KeyValueHeadCount,
            _ => null,
        };
    }
}
