namespace ResLora.Formats.Files;

/// <summary>The user's folder for what can be made anew: it may be deleted at any time.</summary>
public static class UserCache
{
    /// <summary>The environment variable that moves it: <c>XDG_CACHE_HOME</c>.</summary>
    public const string Variable = "XDG_CACHE_HOME";

    /// <summary>
    /// The folder for one kind of thing: <c>$XDG_CACHE_HOME/reslora/KIND</c>, or <c>~/.cache/reslora/KIND</c> when the variable is not set
    /// to an absolute path.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <returns>The folder, which need not exist; null when the user has no home folder either.</returns>
    public static string? Folder(string kind)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Environment.GetEnvironmentVariable(Variable) is { } path && Path.IsPathFullyQualified(path)
            ? path
            : home.Length == 0 ? null : Path.Combine(home, ".cache");
        return cache is null ? null : Path.Combine(cache, "reslora", kind);
    }
}
