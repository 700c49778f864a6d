using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>Folders of a project stand above or beside each other: no two use each other.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. Directory.GetDirectories(Repository.PathOf("src")).Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_DoNotUseEachOther(string project)
    {
        var files = Repository.Files(".cs", project).ToArray();

        var pairs = new FolderUse(Repository.PathOf(project), files).Pairs().ToArray();

        Assert.NotEmpty(files);
        Assert.True(pairs.Length == 0, string.Join('\n', pairs));
    }

    [Fact]
    public void Pairs_OfFoldersThatUseEachOther_AreNamedWithTheirFiles()
    {
        using var folder = new TemporaryFolder();
        string[] files =
        [
            Write(folder, "Upper", "High", "class High { Low? _low; class Inside; } // a Side is no use in a comment"),
            Write(folder, "Lower", "Low", "public readonly record struct Low(High Above);"),
            Write(folder, "Lower/Deep", "Inner", "enum Inner { Low }"),
            Write(folder, "Side", "Side", "class Side { High Of(Low low) => Inside(); }"),
            Write(folder, "", "Root", "class Root { High? _high; Side? _side; }"),
        ];

        var pairs = new FolderUse(folder.Path, files).Pairs();

        Assert.Equal(["Lower uses Upper (Low.cs: High), and Upper uses Lower (High.cs: Low)"], pairs);
    }

    private static string Write(TemporaryFolder folder, string place, string type, string code)
    {
        Directory.CreateDirectory(folder[place]);
        return folder.Write(Path.Combine(place, type + ".cs"), code);
    }
}
