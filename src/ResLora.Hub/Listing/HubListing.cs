using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Hub.Listing;

/// <summary>The files of a repository at a commit.</summary>
internal sealed partial class HubListing
{
    private const int MaxDepth = 64;

    // Twice what the hub takes; all sizes of the longest list that is read fit into a number together.
    private const long LargestFile = 1L << 40;

    private readonly Dictionary<string, HubFile> _files;

    private HubListing(HubRepository repository, string commit, IEnumerable<HubFile> files)
    {
        (Repository, Commit) = (repository, commit);
        _files = files.DistinctBy(file => file.Path, StringComparer.Ordinal).ToDictionary(file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>The repository.</summary>
    public HubRepository Repository { get; }

    /// <summary>The commit.</summary>
    public string Commit { get; }

    /// <summary>All files, by path.</summary>
    public IEnumerable<HubFile> Files => _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal);

    /// <summary>A file by its path.</summary>
    public HubFile? Find(string path) => _files.GetValueOrDefault(path);

    /// <summary>The files in a folder and those below it.</summary>
    /// <param name="folder">The folder with a slash at its end; empty for all.</param>
    public IEnumerable<HubFile> Within(string folder) => Files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>The files directly in a folder.</summary>
    /// <param name="folder">As for <see cref="Within"/>.</param>
    public IEnumerable<HubFile> In(string folder) =>
        Within(folder).Where(file => !file.Path[folder.Length..].Contains('/', StringComparison.Ordinal));

    /// <summary>Reads the hub's answer on a repository at a revision.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="answer">The answer's body.</param>
    /// <param name="source">Where it came from, for errors.</param>
    /// <exception cref="FileFormatException">It is not what a hub answers.</exception>
    public static HubListing Parse(HubRepository repository, byte[] answer, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var root = document.RootElement;
            var commit = root.GetProperty("sha").GetString() ?? "";
            return Sha1().IsMatch(commit)
                ? new HubListing(repository, commit, [.. root.GetProperty("siblings").EnumerateArray().Select(FileOf)])
                : throw new FormatException("'sha' is no commit");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new FileFormatException(
                $"{source} does not answer as a hub does ({error.Message}); is HF_ENDPOINT right, and does a proxy answer in its place?", error);
        }
    }

    /// <summary>The files that a snapshot in the cache holds.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="folder">The snapshot's folder.</param>
    public static HubListing OfFolder(HubRepository repository, string commit, string folder) => new(
        repository,
        commit,
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            // A link whose file is gone is no file.
            .Where(file => File.ResolveLinkTarget(file, returnFinalTarget: true) is not { Exists: false })
            .Select(file => new HubFile(Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), Length(file), "")));

    private static long Length(string file)
    {
        using var stream = File.OpenRead(file);   // FileInfo's length is that of a link, not of its target
        return stream.Length;
    }

    private static HubFile FileOf(JsonElement sibling)
    {
        var path = sibling.GetProperty("rfilename").GetString() ?? "";
        var isLarge = sibling.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object;
        var (digest, size) = isLarge
            ? (large.GetProperty("sha256").GetString() ?? "", large.GetProperty("size").GetInt64())
            : (sibling.GetProperty("blobId").GetString() ?? "", sibling.GetProperty("size").GetInt64());
        return (isLarge ? Sha256() : Sha1()).IsMatch(digest) && size is >= 0 and <= LargestFile
            ? new HubFile(path, size, digest)
            : throw new FormatException("a file has no digest, or no size that it can have");
    }

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Sha1();

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Sha256();
}
