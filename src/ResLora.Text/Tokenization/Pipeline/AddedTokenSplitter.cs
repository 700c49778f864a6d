using System.Buffers;
using System.Text;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Finds added tokens in a text: the leftmost first, of those the longest.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly PrefixTree _tree = new();
    private readonly List<TokenizerJsonAddedToken> _tokens = [];
    private readonly SearchValues<char> _firsts;

    /// <summary>Prepares the search.</summary>
    /// <param name="tokens">The tokens, each with the text to look for; empty texts are left out.</param>
    public AddedTokenSplitter(IEnumerable<(string Text, TokenizerJsonAddedToken Token)> tokens)
    {
        var firsts = new HashSet<char>();
        foreach (var (text, token) in tokens.Where(entry => entry.Text.Length > 0))
        {
            firsts.Add(text[0]);
            _tree.Add(text, _tokens.Count);
            _tokens.Add(token);
        }

        _firsts = SearchValues.Create([.. firsts]);
    }

    /// <summary>Cuts a text at the added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The parts that are not empty, in order; a part that is an added token comes with its id.</returns>
    public IEnumerable<(int? Id, int Start, int Length)> Split(string text)
    {
        var done = 0;
        for (var at = NextStart(text, 0); at < text.Length;)
        {
            if (_tree.Longest(text, at) is not var (found, end))
            {
                at = NextStart(text, at + 1);
                continue;
            }

            var token = _tokens[found];
            if (!token.SingleWord || StandsAlone(text, at, end))
            {
                var start = token.StripLeft ? Math.Max(done, text.AsSpan(0, at).TrimEnd().Length) : at;
                var stop = token.StripRight ? text.Length - text.AsSpan(end).TrimStart().Length : end;
                if (start > done)
                {
                    yield return (null, done, start - done);
                }

                // A token that strips blanks may already have been swallowed by the one before it.
                if (stop > start)
                {
                    yield return (token.Id, start, stop - start);
                }

                done = stop;
            }

            at = NextStart(text, end);
        }

        if (done < text.Length)
        {
            yield return (null, done, text.Length - done);
        }
    }

    private int NextStart(string text, int from)
    {
        var offset = text.AsSpan(from).IndexOfAny(_firsts);
        return offset < 0 ? text.Length : from + offset;
    }

    private static bool StandsAlone(string text, int start, int end) =>
        (Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _) != OperationStatus.Done || !RuneMatches.IsWord(before)) &&
        (Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _) != OperationStatus.Done || !RuneMatches.IsWord(after));
}
