using System.Text.RegularExpressions;
using System.Xml.Linq;
using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed partial class HtmlReportTests
{
    [Fact]
    public void Text_AReport_IsOnePageThatAsksForNothingElse()
    {
        var page = HtmlReport.Text(ComparisonPage.Of(SampleReport.Make()));

        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Contains("0.5000 (0.2500 to 0.7500)", page, StringComparison.Ordinal);
        Assert.Contains("data-v=\"0.625\"", page, StringComparison.Ordinal);
        Assert.Contains("name=\"viewport\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_NamesWithMarks_AreMadeHarmless()
    {
        var page = HtmlReport.Text(ComparisonPage.Of(SampleReport.Make() with { Config = "model: </pre><script>" }));

        Assert.DoesNotContain("arm<1>", page, StringComparison.Ordinal);
        Assert.Contains("arm&lt;1&gt;", page, StringComparison.Ordinal);
        Assert.Single(Script().Matches(page));
    }

    [Fact]
    public void Charts_OfAReport_AreWellFormedAndShowEveryArm()
    {
        var charts = HtmlCharts.Of(SampleReport.Make(0.5, 0.6, 0.7)).ToArray();

        Assert.Equal(4, charts.Length);
        Assert.All(charts, chart =>
        {
            var svg = XDocument.Parse(chart.Svg).Root!;
            Assert.Equal(
                ["0", "1", "2"], svg.Descendants().Select(part => (string?)part.Attribute("data-s")).OfType<string>().Distinct().Order());
            Assert.DoesNotContain("NaN", chart.Svg, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Colors_OfMoreArmsThanColors_AreDashedWhereTheyBeginAnew()
    {
        var page = HtmlReport.Text(ComparisonPage.Of(SampleReport.Make([.. Enumerable.Range(0, 10).Select(i => 0.1 * i)])));

        Assert.Contains(".s8{--c:var(--c0);}.line.s8{stroke-dasharray", page, StringComparison.Ordinal);
        Assert.Contains(".legend .s8::before{background:repeating-linear-gradient(", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".line.s7{", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".legend .s7", page, StringComparison.Ordinal);
    }

    [GeneratedRegex("<script")]
    private static partial Regex Script();
}
