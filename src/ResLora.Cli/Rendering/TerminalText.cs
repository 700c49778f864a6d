using System.Globalization;
using System.Text;

namespace ResLora.Cli.Rendering;

/// <summary>
/// Text of files and arguments, made harmless for a terminal: what would steer it is written out as <c>\u001b</c>, as JSON does.
/// </summary>
internal static class TerminalText
{
    /// <summary>The text with its control characters written out, those for the direction of writing included.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="keepsLines">Whether line feeds and tabs stay as they are.</param>
    public static string Escape(string text, bool keepsLines = false)
    {
        if (!text.Any(c => IsControl(c, keepsLines)))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (IsControl(c, keepsLines))
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                escaped.Append(c);
            }
        }

        return escaped.ToString();
    }

    // The embeddings, overrides and isolates of bidirectional text can make one name look like another.
    private static bool IsControl(char c, bool keepsLines) =>
        (char.IsControl(c) && !(keepsLines && c is '\n' or '\t')) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
