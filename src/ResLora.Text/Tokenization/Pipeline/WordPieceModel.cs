using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// WordPiece: from left to right the longest piece that the vocabulary has. A word of which a part is not there is unknown as a whole, and
/// so is one that is too long.
/// </summary>
/// <remarks>Wu et al., arXiv:1609.08144, section 4.1; greedy as in BERT's published code.</remarks>
internal sealed class WordPieceModel : IWordModel
{
    private readonly TokenizerJsonModel _model;
    private readonly UnknownToken _unknown;
    private readonly PrefixTree _tree = new();
    private readonly int? _continued;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The checked vocabulary and rules.</param>
    /// <param name="file">The file, for messages.</param>
    public WordPieceModel(TokenizerJsonModel model, string file)
    {
        _model = model;
        _unknown = new UnknownToken(model, file);
        foreach (var (token, id) in model.Vocabulary)
        {
            _tree.Add(token, id);
        }

        _continued = PrefixTree.Root;
        foreach (var c in model.ContinuingPrefix)
        {
            _continued = _continued is { } node && _tree.TryStep(ref node, c) ? node : null;
        }
    }

    /// <inheritdoc />
    public void Encode(string word, List<int> output)
    {
        var first = output.Count;
        if (word.EnumerateRunes().Count() > _model.LongestWord)
        {
            output.Add(_unknown.Require(word));
            return;
        }

        for (var start = 0; start < word.Length;)
        {
            if ((start == 0 ? PrefixTree.Root : _continued) is not { } node || _tree.Longest(word, start, node) is not var (id, end))
            {
                output.RemoveRange(first, output.Count - first);
                output.Add(_unknown.Require(word));
                return;
            }

            output.Add(id);
            start = end;
        }
    }
}
