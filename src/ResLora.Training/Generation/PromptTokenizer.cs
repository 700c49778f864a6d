using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;

namespace ResLora.Training.Generation;

/// <summary>The tokenizer of a text-to-image pipeline, checked against its text encoder.</summary>
public static class PromptTokenizer
{
    /// <summary>Opens it.</summary>
    /// <param name="model">The pipeline's networks, which may be on the meta device; borrowed.</param>
    /// <param name="folder">The pipeline's folder.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="FileFormatException">A file cannot be used, or there are more tokens than the text encoder knows.</exception>
    public static ClipTokenizer Load(TextToImageModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        var path = Path.Combine(folder, PipelineParts.Tokenizer);
        var tokenizer = ClipTokenizer.Load(path, model.TextEncoder.MaxTokens);
        return tokenizer.VocabularySize <= model.TextEncoder.VocabularySize
            ? tokenizer
            : throw new FileFormatException(
                $"{path}: the tokenizer has {tokenizer.VocabularySize} tokens, and the text encoder has rows for {model.TextEncoder.VocabularySize} "
                + "(vocab_size); they do not belong together.");
    }
}
