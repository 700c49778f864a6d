using System.Text.RegularExpressions;

namespace ResLora.Tests.Architecture;

/// <summary>
/// Which folders of a project use which, read from the sources: a file uses the folder that declares a name it mentions. A folder and one
/// inside of it count as one room, and what lies in the project's own folder belongs to no room.
/// </summary>
internal sealed partial class FolderUse
{
    private readonly Dictionary<(string From, string To), SortedSet<string>> _uses = [];

    /// <summary>Reads a project.</summary>
    /// <param name="project">Its folder.</param>
    /// <param name="files">Its source files.</param>
    public FolderUse(string project, IEnumerable<string> files)
    {
        var sources = files
            .Select(
                file => (Folder: Folder(project, file), Name: Path.GetFileName(file), Code: Comment().Replace(File.ReadAllText(file), "")))
            .Where(source => source.Folder.Length > 0)
            .ToArray();
        var homes = sources
            .SelectMany(source => Declaration().Matches(source.Code).Select(match => (Type: match.Groups["name"].Value, source.Folder)))
            .ToLookup(home => home.Type, home => home.Folder);
        foreach (var (folder, name, code) in sources)
        {
            foreach (var type in Name().Matches(code).Select(match => match.Value).Distinct().Where(type => !homes[type].Contains(folder)))
            {
                foreach (var home in homes[type].Distinct().Where(home => !IsInside(home, folder) && !IsInside(folder, home)))
                {
                    Add((folder, home), $"{name}: {type}");
                }
            }
        }
    }

    /// <summary>The pairs of folders that use each other, each once, with the files and the names that they mention.</summary>
    public IEnumerable<string> Pairs() =>
        from use in _uses
        where string.CompareOrdinal(use.Key.From, use.Key.To) < 0
        let back = _uses.GetValueOrDefault((use.Key.To, use.Key.From))
        where back is not null
        orderby use.Key.From, use.Key.To
        select $"{use.Key.From} uses {use.Key.To} ({string.Join(", ", use.Value)}), and {use.Key.To} uses {use.Key.From} ({string.Join(", ", back)})";

    private static string Folder(string project, string file)
    {
        var folder = Path.GetRelativePath(project, Path.GetDirectoryName(file)!).Replace('\\', '/');
        return folder == "." ? "" : folder;
    }

    private static bool IsInside(string folder, string other) => folder.StartsWith(other + "/", StringComparison.Ordinal);

    private void Add((string From, string To) pair, string place)
    {
        if (!_uses.TryGetValue(pair, out var places))
        {
            _uses.Add(pair, places = new SortedSet<string>(StringComparer.Ordinal));
        }

        places.Add(place);
    }

    [GeneratedRegex(@"//.*|/\*.*?\*/")]
    private static partial Regex Comment();

    /// <summary>A type that stands by itself: one inside of another is reached through that.</summary>
    [GeneratedRegex(@"^(?:[a-z]+ )*(?:class|record|struct|interface|enum|delegate [\w<>?]+) (?<name>[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Name();
}
