namespace ResLora.Formats;

/// <summary>Text as one word of a command line that can be copied.</summary>
public static class ShellWord
{
    private const string Plain = "_@%+=:,./-";

    /// <summary>The text as it is where a shell takes it so, else in quotes.</summary>
    /// <param name="text">The text, such as a path.</param>
    /// <returns>The word.</returns>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (OperatingSystem.IsWindows())
        {
            var isPlain =
                text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '\\' || Plain.Contains(c, StringComparison.Ordinal));
            return isPlain ? text : $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        }

        return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
