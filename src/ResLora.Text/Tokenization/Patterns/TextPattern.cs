using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>A pattern of a tokenizer.json: <c>{"String": "…"}</c> or <c>{"Regex": "…"}</c>.</summary>
internal sealed class TextPattern
{
    private readonly Func<string, IEnumerable<(int Start, int Length)>> _matches;
    private readonly TokenizerJsonComponent _json;

    private TextPattern(Func<string, IEnumerable<(int Start, int Length)>> matches, TokenizerJsonComponent json) =>
        (_matches, _json) = (matches, json);

    /// <summary>Reads a pattern.</summary>
    /// <param name="json">The value of <c>pattern</c>.</param>
    /// <returns>The pattern.</returns>
    public static TextPattern Create(TokenizerJsonComponent json)
    {
        if (json.ChildOrNull("Regex") is { } regex)
        {
            return new TextPattern(new TokenizerRegex(regex.AsText(), regex).Matches, json);
        }

        var literal = json.Text("String");
        return literal.Length > 0 ? new TextPattern(text => Occurrences(text, literal), json) : throw json.Error("the pattern is empty");
    }

    /// <summary>Finds the pattern in a text.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <returns>The matches in order and without overlap; an empty one is a place at which a text is cut.</returns>
    public IEnumerable<(int Start, int Length)> Matches(string text) => _matches(text);

    /// <summary>Replaces every match.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <param name="content">What stands in a match's place, letter for letter.</param>
    /// <param name="longest">The most characters that may come out.</param>
    /// <param name="found">Is told every match.</param>
    /// <returns>The new text.</returns>
    /// <exception cref="FileFormatException">More characters would come out.</exception>
    public string Replace(string text, string content, long longest, Action<int, int>? found = null)
    {
        var output = new StringBuilder();
        var end = 0;
        foreach (var (start, length) in _matches(text))
        {
            found?.Invoke(start, length);
            output.Append(text, end, start - end).Append(content);
            end = start + length;
            if (output.Length > longest)
            {
                throw _json.Error(
                    $"replacing it makes more than {longest} characters of a text of {text.Length}; make the content shorter");
            }
        }

        return output.Append(text, end, text.Length - end).ToString();
    }

    internal static IEnumerable<(int Start, int Length)> Occurrences(string text, string literal)
    {
        for (var at = text.IndexOf(literal, StringComparison.Ordinal); at >= 0;
             at = text.IndexOf(literal, at + literal.Length, StringComparison.Ordinal))
        {
            yield return (at, literal.Length);
        }
    }
}
