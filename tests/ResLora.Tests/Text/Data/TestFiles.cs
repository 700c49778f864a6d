using Xunit;

namespace ResLora.Tests.Text.Data;

/// <summary>Files that a test writes, in a folder that goes with it, and the repository's own folders.</summary>
internal sealed class TestFiles : IDisposable
{
    public TestFiles() => Folder = Directory.CreateTempSubdirectory("reslora-data-").FullName;

    public string Folder { get; }

    public static string Repository { get; } = FindRepository();

    public static string Shared(string name)
    {
        var path = Path.GetFullPath(Path.Combine(Repository, "..", "shared", name));
        Assert.SkipUnless(Path.Exists(path), $"{name} does not lie beside the repository (../shared).");
        return path;
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ResLora.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run from inside the repository.");
    }
}
