using System.Text.RegularExpressions;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>What every source file keeps to (docs/style.md).</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 500;

    [Fact]
    public void SourceFiles_Everywhere_AreShort()
    {
        var files = Repository.Files(".cs", "src", "tests", "samples", "bench", "build").ToArray();

        var tooLong = files.Where(file => File.ReadLines(file).Count() > MaxLines).Select(Repository.Relative);

        Assert.NotEmpty(files);
        Assert.Empty(tooLong);
    }

    [Fact]
    public void SourceFiles_OfProducts_HoldNothingUnfinished()
    {
        var unfinished = Repository.Files(".cs", "src", "samples", "bench")
            .Where(file => Unfinished().IsMatch(File.ReadAllText(file)))
            .Select(Repository.Relative);

        Assert.Empty(unfinished);
    }

    [Fact]
    public void SourceFiles_OfProducts_AreNamedAfterATypeInThem()
    {
        var misnamed = Repository.Files(".cs", "src", "bench")
            .Where(file => Path.GetFileName(file) != "Program.cs")
            .Where(file => !Regex.IsMatch(File.ReadAllText(file), $@"\b(class|record|struct|interface|enum|delegate)\b[^\n]*\b{TypeName(file)}\b"))
            .Select(Repository.Relative);

        Assert.Empty(misnamed);
    }

    [Fact]
    public void Suppressions_Everywhere_SayWhy()
    {
        var silent = Repository.Files(".cs", "src", "tests", "samples", "bench")
            .SelectMany(file => File.ReadLines(file)
                .Where(line => PragmaWithoutReason().IsMatch(line) || (line.Contains("[SuppressMessage(", StringComparison.Ordinal) && !line.Contains("Justification", StringComparison.Ordinal)))
                .Select(line => $"{Repository.Relative(file)}: {line.Trim()}"));

        Assert.Empty(silent);
    }

    private static string TypeName(string file) => Regex.Escape(Path.GetFileName(file).Split('.')[0]);

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^\s*#pragma warning disable [^/]*$")]
    private static partial Regex PragmaWithoutReason();
}
