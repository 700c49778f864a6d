using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// A regular expression of a tokenizer.json with the meaning it has there: over Unicode characters, not UTF-16 units.
/// .NET matches units, in which a letter above U+FFFF is two surrogates and no letter; so such characters are replaced,
/// for the search only, by one unit of the same general category that the pattern does not mention.
/// </summary>
internal sealed class TokenizerRegex
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10); // per match; ordinary ones take microseconds
    private static readonly TimeSpan _timeoutPerCharacter = TimeSpan.FromMicroseconds(100); // for all matches of a text, on top of that

    private readonly Regex _regex;
    private readonly TokenizerJsonComponent _json;
    private readonly Lazy<Dictionary<UnicodeCategory, char>> _standIns;

    /// <summary>Translates a pattern.</summary>
    /// <param name="pattern">The pattern in Oniguruma's syntax.</param>
    /// <param name="json">Where it stands, for messages.</param>
    public TokenizerRegex(string pattern, TokenizerJsonComponent json)
    {
        _json = json;
        var translator = new RegexTranslator(pattern, json);
        try
        {
            _regex = new Regex(translator.Translate(), RegexOptions.CultureInvariant, _timeout);
        }
        catch (ArgumentException e)
        {
            throw json.Error($"the pattern '{pattern}' is not a valid regular expression: {e.Message}");
        }

        _standIns = new(() => FindStandIns(translator.Literals));
    }

    /// <summary>Finds the pattern in a text.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <returns>The matches in order and without overlap; an empty one never stands right behind another match, nor alone in an empty
    /// text.</returns>
    /// <exception cref="FileFormatException">The pattern takes too long on this text.</exception>
    public IEnumerable<(int Start, int Length)> Matches(string text)
    {
        if (text.Length == 0)
        {
            yield break;
        }

        var (searched, offsets) = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? (text, null) : StandIn(text);
        var (begun, patience, done) = (Stopwatch.GetTimestamp(), _timeout + (_timeoutPerCharacter * text.Length), -1);
        for (var match = Find(() => _regex.Match(searched)); match.Success; match = Find(match.NextMatch))
        {
            if (match.Length > 0 || match.Index != done)
            {
                var start = offsets?[match.Index] ?? match.Index;
                var end = offsets?[match.Index + match.Length] ?? (match.Index + match.Length);
                yield return (start, end - start);
            }

            done = match.Index + match.Length;
            if (Stopwatch.GetElapsedTime(begun) > patience)
            {
                throw _json.Error(
                    $"the pattern '{_regex}' takes longer than {patience.TotalSeconds:F0} seconds for {text.Length} characters; simplify it");
            }
        }
    }

    private Match Find(Func<Match> search)
    {
        try
        {
            return search();
        }
        catch (RegexMatchTimeoutException)
        {
            throw _json.Error($"the pattern '{_regex}' took longer than {_timeout.TotalSeconds} seconds for one match; simplify it");
        }
    }

    private (string Text, int[] Offsets) StandIn(string text)
    {
        var units = new List<char>(text.Length);
        var offsets = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            offsets.Add(i);
            if (char.IsHighSurrogate(text[i]))
            {
                units.Add(_standIns.Value[CharUnicodeInfo.GetUnicodeCategory(text, i)]);
                i++;
            }
            else
            {
                units.Add(text[i]);
            }
        }

        offsets.Add(text.Length);
        return (string.Concat(units), [.. offsets]);
    }

    private static Dictionary<UnicodeCategory, char> FindStandIns(IReadOnlyList<(char First, char Last)> literals)
    {
        var standIns = new Dictionary<UnicodeCategory, char>();
        for (var c = char.MaxValue; c > 0; c--)
        {
            if (!literals.Any(range => c >= range.First && c <= range.Last))
            {
                standIns.TryAdd(char.GetUnicodeCategory(c), c);
            }
        }

        return standIns;
    }
}
