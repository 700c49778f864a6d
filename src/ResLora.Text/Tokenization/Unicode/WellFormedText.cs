using System.Text;

namespace ResLora.Text.Tokenization.Unicode;

/// <summary>Makes text that UTF-8 can hold.</summary>
internal static class WellFormedText
{
    /// <summary>Replaces every lone surrogate by U+FFFD, as encoding to UTF-8 does.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The well-formed text; the same object when it has no surrogates.</returns>
    public static string From(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }

        var output = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            output.Append(rune.ToString());
        }

        return output.ToString();
    }
}
