using Xunit;

namespace ResLora.Tests.Support;

/// <summary>Reference models, data and golden values that lie beside the repository, in <c>../shared</c>, on some machines.</summary>
public static class SharedFolder
{
    /// <summary>The repository's root: the nearest folder above the tests that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The full path of a file or folder in <c>../shared</c>; skips the test when it is not there.</summary>
    public static string PathOrSkip(string relative)
    {
        var path = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", relative));
        Assert.SkipUnless(Path.Exists(path), $"../shared/{relative} is not on this machine");
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ResLora.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} holds ResLora.slnx");
    }
}
