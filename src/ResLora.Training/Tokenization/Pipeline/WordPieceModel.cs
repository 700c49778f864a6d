using ResLora.Formats.HuggingFace;

namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>
/// WordPiece: from left to right the longest piece that the vocabulary has. A word of which a part is not there is unknown as a whole, and so is one
/// that is too long.
/// </summary>
/// <remarks>Wu et al., arXiv:1609.08144, section 4.1; greedy as in BERT's published code.</remarks>
internal sealed class WordPieceModel : IWordModel
{
    private readonly TokenizerJsonModel _model;
    private readonly int _unknownId;
    private readonly int _longestPiece;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The checked vocabulary and rules.</param>
    public WordPieceModel(TokenizerJsonModel model)
    {
        _model = model;
        _unknownId = model.Vocabulary[model.UnknownToken!];
        _longestPiece = model.Vocabulary.Keys.Max(token => token.Length);
    }

    /// <inheritdoc />
    public void Encode(string word, List<int> output)
    {
        var first = output.Count;
        if (word.EnumerateRunes().Count() > _model.LongestWord)
        {
            output.Add(_unknownId);
            return;
        }

        for (var start = 0; start < word.Length;)
        {
            if (Longest(word, start) is not var (id, length))
            {
                output.RemoveRange(first, output.Count - first);
                output.Add(_unknownId);
                return;
            }

            output.Add(id);
            start += length;
        }
    }

    private (int Id, int Length)? Longest(string word, int start)
    {
        var prefix = start > 0 ? _model.ContinuingPrefix : "";
        for (var length = Math.Min(word.Length - start, _longestPiece - prefix.Length); length > 0; length--)
        {
            // Half a character is no piece.
            if (start + length < word.Length && char.IsLowSurrogate(word[start + length]))
            {
                continue;
            }

            if (_model.Vocabulary.TryGetValue(string.Concat(prefix, word.AsSpan(start, length)), out var id))
            {
                return (id, length);
            }
        }

        return null;
    }
}
