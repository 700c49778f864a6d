using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// The name of something on a hub: <c>hub:org/name</c>, <c>hub:org/name@revision</c>, <c>hub:org/name@revision/path/in/repo</c>. The
/// organization may be left out where the hub has none (<c>hub:gpt2</c>; a path then needs a revision before it).
/// </summary>
/// <param name="Repository">The repository, <c>org/name</c> or <c>name</c>.</param>
/// <param name="Revision">A branch, a tag or a commit; null for the main branch.</param>
/// <param name="Path">A file or a folder in it; null for all of it.</param>
public sealed partial record HubReference(string Repository, string? Revision = null, string? Path = null)
{
    /// <summary>What every such name begins with.</summary>
    public const string Prefix = "hub:";

    /// <summary>The branch that is meant where none is named.</summary>
    public const string MainRevision = "main";

    private const int LongestName = 96;

    /// <summary>Whether <see cref="Revision"/> is a whole commit, which never changes.</summary>
    public bool IsPinned => Revision is not null && IsCommit(Revision);

    /// <summary>Whether a text is meant as such a name.</summary>
    /// <param name="text">The text.</param>
    /// <returns>True when it begins with <see cref="Prefix"/>.</returns>
    public static bool Is(string? text) => text?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>Whether a text is a whole commit: 40 hexadecimal digits.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsCommit(string text) => Commit().IsMatch(text);

    /// <summary>Whether a text can be the name of a repository with its organization.</summary>
    /// <param name="text">The text, such as <c>org/name</c>.</param>
    /// <returns>Whether it can.</returns>
    public static bool IsRepository(string? text) => text?.Count(symbol => symbol == '/') == 1 && RepositoryProblem(text) is null;

    /// <summary>Reads a name.</summary>
    /// <param name="text">The name; <see cref="Prefix"/> may be left out.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="ConfigException">It is no such name.</exception>
    public static HubReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read(text, out var problem) ?? throw new ConfigException($"'{text}' {problem}.");
    }

    /// <summary>What is wrong with a name.</summary>
    /// <param name="text">The name.</param>
    /// <returns>A phrase that follows the name; null when nothing is wrong.</returns>
    public static string? Problem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _ = Read(text, out var problem);
        return problem;
    }

    /// <summary>The name as it is written, with its prefix.</summary>
    /// <returns>Text that <see cref="Parse"/> reads.</returns>
    public override string ToString()
    {
        var revision = Revision is null ? "" : "@" + (Special().IsMatch(Revision) ? Revision : Uri.EscapeDataString(Revision));
        return $"{Prefix}{Repository}{revision}{(Path is null ? "" : "/" + Path)}";
    }

    private static HubReference? Read(string text, out string? problem)
    {
        var match = Parts().Match(Is(text) ? text[Prefix.Length..] : text);
        // What follows one part alone is the name and no path: hub:org/name.
        if (!match.Success || (match.Groups["path"].Success && !match.Groups["revision"].Success
            && !match.Groups["repository"].ValueSpan.Contains('/')))
        {
            problem = "is no name on a hub; write hub:org/name, hub:org/name@revision or hub:org/name@revision/path/in/repo";
            return null;
        }

        string? Group(string name) => match.Groups[name] is { Success: true } group ? group.Value : null;
        var revision = Group("revision") is { } written ? Uri.UnescapeDataString(written) : null;
        var reference = new HubReference(match.Groups["repository"].Value, revision, Group("path")?.TrimEnd('/'));
        problem = RepositoryProblem(reference.Repository)
            ?? (revision is not null && HubPath.Problem(revision) is { } ofRevision ? $"has a revision that {ofRevision}" : null)
            ?? (reference.Path is not null && HubPath.Problem(reference.Path) is { } ofPath ? $"has a path that {ofPath}" : null);
        return problem is null ? reference : null;
    }

    private static string? RepositoryProblem(string repository) => repository switch
    {
        _ when repository.Split('/')[0] is "datasets" or "models" && repository.Contains('/', StringComparison.Ordinal) =>
            "begins with datasets/ or models/; leave that out: keys and options for data take data sets, others models",
        _ when repository.Length > LongestName || !repository.Split('/').All(part => Name().IsMatch(part))
            || repository.Contains("--", StringComparison.Ordinal) || repository.Contains("..", StringComparison.Ordinal) =>
            $"has a repository that no hub has; organization and name are letters, digits, '-', '_' and '.', at most {LongestName} together",
        _ => null,
    };

    [GeneratedRegex(
        @"^(?<repository>[^/@]+(/[^/@]+)?)(@(?<revision>refs/(pr|convert)/[^/@]+|[^/@]+))?(/(?<path>.+))?\z", RegexOptions.Singleline)]
    private static partial Regex Parts();

    /// <summary>Revisions with slashes that need no escapes, since there is no other reading.</summary>
    [GeneratedRegex(@"^refs/(pr|convert)/[\w.-]+\z")]
    private static partial Regex Special();

    [GeneratedRegex(@"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
