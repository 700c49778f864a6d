using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Whole words only: a word that the vocabulary lacks is unknown.</summary>
/// <param name="model">The checked vocabulary.</param>
/// <param name="file">The file, for messages.</param>
internal sealed class WordLevelModel(TokenizerJsonModel model, string file) : IWordModel
{
    private readonly UnknownToken _unknown = new(model, file);

    /// <inheritdoc />
    public void Encode(string word, List<int> output) =>
        output.Add(model.Vocabulary.TryGetValue(word, out var id) ? id : _unknown.Require(word));
}
