using ResLora.Formats.Gguf;

namespace ResLora.Models.Gguf;

/// <summary>Builds the networks of a family from GGUF files alone.</summary>
/// <param name="Architectures">llama.cpp's names of its architectures.</param>
/// <param name="Load">
/// Builds the model of an open file, computing in float32, in evaluation mode; owned by the caller. Throws ResLora's exceptions.
/// </param>
public sealed record GgufImport(IReadOnlyList<string> Architectures, Func<GgufFile, CausalLanguageModel> Load);
