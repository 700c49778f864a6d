using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Whole words only: a word that the vocabulary lacks is unknown.</summary>
/// <param name="model">The checked vocabulary.</param>
internal sealed class WordLevelModel(TokenizerJsonModel model) : IWordModel
{
    private readonly int _unknownId = model.Vocabulary[model.UnknownToken!];

    /// <inheritdoc />
    public void Encode(string word, List<int> output) => output.Add(model.Vocabulary.GetValueOrDefault(word, _unknownId));
}
