using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>The token for what a model's vocabulary lacks. Files name one that is not there, which does no harm until a text needs
/// it.</summary>
/// <param name="model">The model.</param>
/// <param name="file">The file, for messages.</param>
internal sealed class UnknownToken(TokenizerJsonModel model, string file)
{
    /// <summary>Whether the model names one.</summary>
    public bool IsNamed => model.UnknownToken is not null;

    /// <summary>Its id, or null.</summary>
    public int? Id { get; } = model.UnknownToken is { } token && model.Vocabulary.TryGetValue(token, out var id) ? id : null;

    /// <summary>Its id, or an error.</summary>
    /// <param name="text">What the vocabulary lacks.</param>
    /// <returns>The id.</returns>
    /// <exception cref="FileFormatException">There is none.</exception>
    public int Require(string text) =>
        Id ?? throw new FileFormatException($"{file}: model: the text holds '{text}', which the vocabulary lacks, and "
        + (IsNamed ? $"the unknown token '{model.UnknownToken}' is not in it either." : "unk_id names no token for it."));
}
