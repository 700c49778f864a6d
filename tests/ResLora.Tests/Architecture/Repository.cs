using ResLora.Tests.Support;

namespace ResLora.Tests.Architecture;

/// <summary>The repository's own files, build outputs and runs left out.</summary>
internal static class Repository
{
    private static readonly string[] _skipped = [".git", ".vs", ".idea", "artifacts", "bin", "obj", "runs", "TestResults"];

    /// <summary>The root folder.</summary>
    public static string Root => SharedFolder.RepositoryRoot;

    /// <summary>The full path of a file by its path from the root.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>A path from the root, with slashes, for messages.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>The text of a file, with line feeds only.</summary>
    public static string Text(string relative) => File.ReadAllText(PathOf(relative)).ReplaceLineEndings("\n");

    /// <summary>All files of an ending below some folders of the root.</summary>
    public static IEnumerable<string> Files(string extension, params string[] folders) =>
        folders.Select(PathOf).Where(Directory.Exists).SelectMany(folder => Below(new DirectoryInfo(folder), extension));

    private static IEnumerable<string> Below(DirectoryInfo folder, string extension) =>
        folder.EnumerateFiles("*" + extension).Select(file => file.FullName)
            .Concat(folder.EnumerateDirectories()
                .Where(child => !_skipped.Contains(child.Name) && child.LinkTarget is null)
                .SelectMany(child => Below(child, extension)));
}
