using ResLora.Formats.Errors;

namespace ResLora.Images.Folders;

/// <summary>
/// All files below a folder by their paths from it, with slashes. What systems and tools leave behind is passed over: names that begin with
/// a point, folders whose names begin with two underscores.
/// </summary>
internal sealed class FolderListing
{
    private const int MaxDepth = 32;

    // Those that are decoded, and those of pictures that are not: to pass over the latter would lose data without a word.
    private static readonly HashSet<string> _pictureExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib",
        ".tif", ".tiff", ".jp2", ".j2k", ".jpx", ".jxl", ".heic", ".heif", ".avif", ".ico", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".psd",
    };

    private readonly List<string> _pictures = [];
    private readonly List<string> _others = [];
    private readonly List<string> _folders = [];

    /// <summary>Lists a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <exception cref="FileFormatException">A folder cannot be read, or is nested too deep.</exception>
    public FolderListing(string root)
    {
        Root = root;
        try
        {
            List(new DirectoryInfo(root), "", 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileFormatException($"'{root}' cannot be listed: {error.Message}", error);
        }
    }

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Files that are pictures by their extension, sorted by path.</summary>
    public IReadOnlyList<string> Pictures => _pictures;

    /// <summary>All other files.</summary>
    public IReadOnlyList<string> Others => _others;

    /// <summary>All folders below the root.</summary>
    public IReadOnlyList<string> Folders => _folders;

    /// <summary>The whole path of a file.</summary>
    /// <param name="name">Its path from the root.</param>
    /// <returns>The path.</returns>
    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>Whether a file is a picture by its extension, of a kind that is decoded or not.</summary>
    /// <param name="path">Its path or name.</param>
    public static bool IsPicture(string path) => _pictureExtensions.Contains(Path.GetExtension(path));

    private void List(DirectoryInfo folder, string prefix, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FileFormatException($"'{folder.FullName}' is nested deeper than {MaxDepth} folders; does a link lead back?");
        }

        foreach (var entry in folder.EnumerateFileSystemInfos().Where(entry => !entry.Name.StartsWith('.')).OrderBy(
            entry => entry.Name, StringComparer.Ordinal))
        {
            var name = prefix + entry.Name;
            if (entry is not DirectoryInfo child)
            {
                (_pictureExtensions.Contains(entry.Extension) ? _pictures : _others).Add(name);
            }
            else if (!entry.Name.StartsWith("__", StringComparison.Ordinal))
            {
                _folders.Add(name);
                List(child, name + "/", depth + 1);
            }
        }
    }
}
