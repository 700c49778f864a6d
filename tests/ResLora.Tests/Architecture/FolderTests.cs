using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>Folders of a project stand above or beside each other: no two use each other.</summary>
public sealed class FolderTests
{
    // Pairs of ResLora.Experiments that are still to be taken apart.
    private static readonly string[] _known =
    [
        "Configuration uses Pretraining", "Configuration uses Running", "Evaluating uses Running",
        "Exporting uses Merging", "Planning uses Running", "Plots uses Running",
    ];

    public static TheoryData<string> Projects => [.. Directory.GetDirectories(Repository.PathOf("src")).Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_DoNotUseEachOther(string project)
    {
        var files = Repository.Files(".cs", project).ToArray();

        var pairs = new FolderUse(Repository.PathOf(project), files).Pairs().Where(pair => !_known.Any(pair.StartsWith)).ToArray();

        Assert.NotEmpty(files);
        Assert.True(pairs.Length == 0, string.Join('\n', pairs));
    }

    [Fact]
    public void Known_Pairs_AreStillThere()
    {
        const string project = "src/ResLora.Experiments";

        var pairs = new FolderUse(Repository.PathOf(project), Repository.Files(".cs", project)).Pairs().ToArray();

        var gone = _known.Where(known => !pairs.Any(pair => pair.StartsWith(known, StringComparison.Ordinal))).ToArray();
        Assert.True(gone.Length == 0, $"Taken apart, so take it off the list: {string.Join(", ", gone)}");
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
