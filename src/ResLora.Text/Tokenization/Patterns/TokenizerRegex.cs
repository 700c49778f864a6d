using System.Buffers;
using System.Diagnostics;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// A regular expression of a tokenizer.json with the meaning it has there: over Unicode characters and by Oniguruma's sets of them. Pattern
/// and text are written in the letters of a <see cref="PatternAlphabet"/>, and .NET searches the one in the other.
/// </summary>
internal sealed class TokenizerRegex
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10); // per match; ordinary ones take microseconds
    private static readonly TimeSpan _timeoutPerCharacter = TimeSpan.FromMicroseconds(100); // for all matches of a text, on top of that

    private readonly string _pattern;
    private readonly Regex _regex;
    private readonly PatternAlphabet _alphabet;
    private readonly TokenizerJsonComponent _json;

    /// <summary>Translates a pattern.</summary>
    /// <param name="pattern">The pattern in Oniguruma's syntax.</param>
    /// <param name="json">Where it stands, for messages.</param>
    public TokenizerRegex(string pattern, TokenizerJsonComponent json)
    {
        (_pattern, _json) = (pattern, json);
        var translator = new RegexTranslator(pattern, json);
        try
        {
            _regex = new Regex(translator.Translate(), RegexOptions.CultureInvariant, _timeout);
        }
        catch (ArgumentException e)
        {
            throw json.Error($"the pattern '{pattern}' is not a valid regular expression: {e.Message}");
        }

        _alphabet = translator.Alphabet;
    }

    /// <summary>Finds the pattern in a text.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <returns>The matches in order and without overlap; an empty one never stands right behind another match, nor alone in an empty
    /// text.</returns>
    /// <exception cref="FileFormatException">The pattern takes too long on this text.</exception>
    public IReadOnlyList<(int Start, int Length)> Matches(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        var offsets = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? null : new int[text.Length + 1];
        var letters = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            return Find(letters.AsSpan(0, _alphabet.Write(text, letters, offsets)), offsets);
        }
        catch (RegexMatchTimeoutException)
        {
            throw _json.Error($"the pattern '{_pattern}' took longer than {_timeout.TotalSeconds} seconds for one match; simplify it");
        }
        finally
        {
            ArrayPool<char>.Shared.Return(letters);
        }
    }

    private List<(int Start, int Length)> Find(ReadOnlySpan<char> letters, int[]? offsets)
    {
        var found = new List<(int Start, int Length)>();
        var (begun, patience, done) = (Stopwatch.GetTimestamp(), _timeout + (_timeoutPerCharacter * letters.Length), -1);
        foreach (var match in _regex.EnumerateMatches(letters))
        {
            if (match.Length > 0 || match.Index != done)
            {
                var start = offsets?[match.Index] ?? match.Index;
                var end = offsets?[match.Index + match.Length] ?? (match.Index + match.Length);
                found.Add((start, end - start));
            }

            done = match.Index + match.Length;
            if (Stopwatch.GetElapsedTime(begun) > patience)
            {
                throw _json.Error(
                    $"the pattern '{_pattern}' takes longer than {patience.TotalSeconds:F0} seconds for {letters.Length} characters; simplify it");
            }
        }

        return found;
    }
}
