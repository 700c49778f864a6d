namespace ResLora.Cli.Rendering;

/// <summary>What the environment says that the terminal can show.</summary>
internal static class TerminalLocale
{
    // In the order in which POSIX asks them.
    private static readonly string[] _variables = ["LC_ALL", "LC_CTYPE", "LANG"];

    /// <summary>
    /// Whether lines may be drawn with Unicode's characters: not in the locale C, in another charset than UTF-8 or on a dumb terminal.
    /// </summary>
    /// <param name="variable">The value of a variable of the environment; null for none.</param>
    public static bool ShowsUnicode(Func<string, string?> variable)
    {
        // Windows has none of them, and its console is set to UTF-8.
        var locale = _variables.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        var isUtf8 = locale is null
            ? OperatingSystem.IsWindows()
            : locale.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase);
        return isUtf8 && variable("TERM") != "dumb";
    }
}
