using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Models;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>Gives the folder that a GGUF file is seen as the files of its tokenizer.</summary>
internal static class GgufTokenizerFiles
{
    private const string Model = "tokenizer.ggml.model";
    private const string None = "no_vocab";

    /// <summary>Adds them.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The files must be there, whichever type of the library is used first.")]
    internal static void Add()
    {
        GgufFolder.Add("tokenizer.json", file => HasTokenizer(file) ? GgufTokenizerImport.TokenizerJson(file) : null);
        GgufFolder.Add("tokenizer_config.json", file => HasTokenizer(file) ? GgufTokenizerImport.TokenizerConfigJson(file) : null);
    }

    private static bool HasTokenizer(GgufFile file) => file.TryGet<string>(Model, out var model) && model != None;
}
