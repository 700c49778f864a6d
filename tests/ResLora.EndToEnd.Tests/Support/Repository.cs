using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Files of the repository, and those that lie beside it on some machines.</summary>
internal static class Repository
{
    private static readonly DirectoryInfo _built = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>The nearest folder above the tests that holds the solution.</summary>
    public static string Root => Approved.Root;

    /// <summary>The sample's own small model.</summary>
    public static string SampleModel => Path.Combine(Root, "samples", "word-problems", "base");

    /// <summary>How these tests were built, and all that is built with them: debug or release.</summary>
    public static string Configuration => _built.Name;

    /// <summary>The assembly of a program that is built with these tests.</summary>
    /// <param name="project">The program's project.</param>
    public static string BuiltProgram(string project) =>
        Path.Combine(_built.Parent!.Parent!.FullName, project, Configuration, project + ".dll");

    /// <summary>A file or folder in <c>../shared</c>; skips the test when it is not there.</summary>
    public static string SharedOrSkip(string relative)
    {
        var path = Path.GetFullPath(Path.Combine(Root, "..", "shared", relative));
        Assert.SkipUnless(Path.Exists(path), $"../shared/{relative} is not on this machine");
        return path;
    }
}
