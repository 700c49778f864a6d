using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Text.Tokenization.Gguf;
using static TorchSharp.torch;

namespace ResLora.Training.Gguf;

/// <summary>A model that was read from a GGUF file alone, with the file's own tokenizer.</summary>
public sealed class GgufModelReader : IDisposable
{
    private GgufModelReader(CausalLanguageModel model, GgufTokenizer tokenizer) => (Model, Tokenizer) = (model, tokenizer);

    /// <summary>The model, in float32 and evaluation mode; owned by this object.</summary>
    public CausalLanguageModel Model { get; }

    /// <summary>The encoder, which knows only what the file says.</summary>
    public GgufTokenizer Tokenizer { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A GGUF file of a model.</param>
    /// <returns>Model and encoder, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The file is missing or broken.</exception>
    /// <exception cref="ConfigException">The file asks for something that is not supported.</exception>
    public static GgufModelReader Load(string path)
    {
        using var file = GgufFile.Open(path);
        var tokenizer = GgufTokenizer.From(file);
        return new GgufModelReader(ModelRegistry.LoadCausal(path, ScalarType.Float32), tokenizer);
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose() => Model.Dispose();
}
