using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>The table of docs/style.md is true: what it says that a thing of a kind takes is what the smallest one in the tests
/// takes.</summary>
public sealed partial class HowToAddTests
{
    [Fact]
    public void Table_EveryToy_TakesNoMoreFilesThanItsRowSays()
    {
        var rows = Row().Matches(Repository.Text("docs/style.md"))
            .ToDictionary(row => row.Groups["toy"].Value, row => int.Parse(row.Groups["files"].Value, CultureInfo.InvariantCulture));
        var toys = Repository.Files(".cs", "tests/ResLora.Tests")
            .Where(file => !file.EndsWith("Tests.cs", StringComparison.Ordinal))
            .Select(Repository.Relative)
            .GroupBy(file => file[..(file.LastIndexOf('/') + 1)])
            .Where(folder => folder.Key.EndsWith("/Toy/", StringComparison.Ordinal))
            .ToArray();

        // Every folder of toys has a row that links into it, and the other way round.
        Assert.Equal(rows.Keys.Order(StringComparer.Ordinal), toys.Select(folder => folder.Key).Order(StringComparer.Ordinal));
        Assert.All(toys, folder => Assert.InRange(folder.Count(), 1, rows[folder.Key]));
    }

    [GeneratedRegex(@"^\| [^|]+ \| (?<files>\d+) \|[^\n]*\(\.\./(?<toy>tests/[^)\n]*/Toy/)", RegexOptions.Multiline)]
    private static partial Regex Row();
}
