using System.Text;
using ResLora.Formats.HuggingFace;

namespace ResLora.Training.Tokenization.Patterns;

/// <summary>A pattern of a tokenizer.json: <c>{"String": "…"}</c> or <c>{"Regex": "…"}</c>.</summary>
internal sealed class TextPattern
{
    private readonly Func<string, IEnumerable<(int Start, int Length)>> _matches;

    private TextPattern(Func<string, IEnumerable<(int Start, int Length)>> matches) => _matches = matches;

    /// <summary>Reads a pattern.</summary>
    /// <param name="json">The value of <c>pattern</c>.</param>
    /// <returns>The pattern.</returns>
    public static TextPattern Create(TokenizerJsonComponent json)
    {
        if (json.ChildOrNull("Regex") is { } regex)
        {
            return new TextPattern(new TokenizerRegex(regex.AsText(), regex).Matches);
        }

        var literal = json.Text("String");
        return literal.Length > 0 ? Literal(literal) : throw json.Error("the pattern is empty");
    }

    /// <summary>A pattern that finds a text itself.</summary>
    /// <param name="literal">The text, not empty.</param>
    /// <returns>The pattern.</returns>
    public static TextPattern Literal(string literal) => new(text => Occurrences(text, literal));

    /// <summary>Finds the pattern in a text.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <returns>The matches that are not empty, in order and without overlap.</returns>
    public IEnumerable<(int Start, int Length)> Matches(string text) => _matches(text);

    /// <summary>Replaces every match.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <param name="content">What stands in a match's place, letter for letter.</param>
    /// <returns>The new text.</returns>
    public string Replace(string text, string content)
    {
        var output = new StringBuilder(text.Length);
        var end = 0;
        foreach (var (start, length) in _matches(text))
        {
            output.Append(text, end, start - end).Append(content);
            end = start + length;
        }

        return output.Append(text, end, text.Length - end).ToString();
    }

    private static IEnumerable<(int Start, int Length)> Occurrences(string text, string literal)
    {
        for (var at = text.IndexOf(literal, StringComparison.Ordinal); at >= 0;
             at = text.IndexOf(literal, at + literal.Length, StringComparison.Ordinal))
        {
            yield return (at, literal.Length);
        }
    }
}
