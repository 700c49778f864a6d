using ResLora.Formats.Gguf;
using ResLora.Models.Llama;
using ResLora.Tensors.Gguf;

namespace ResLora.Tests.Models;

/// <summary>A tiny Llama as a GGUF file, without a tokenizer.</summary>
internal static class TinyGguf
{
    /// <summary>Writes a model; keys may be added and tensors changed.</summary>
    public static string Write(
        string path, LlamaModel model, GgufWeightType type = GgufWeightType.F32, Action<GgufMetadata>? more = null,
        Func<IEnumerable<GgufTensor>, IEnumerable<GgufTensor>>? change = null)
    {
        var layout = new GgufLlamaExport(model.Config);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", layout.Architecture);
        more?.Invoke(metadata);
        layout.Describe(metadata);
        var tensors = layout.Tensors(model, type);
        GgufWriter.Write(path, metadata, [.. change?.Invoke(tensors) ?? tensors]);
        return path;
    }
}
