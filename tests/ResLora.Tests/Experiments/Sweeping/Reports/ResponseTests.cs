using System.Xml.Linq;
using ResLora.Experiments.Sweeping.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping.Reports;

public sealed class ResponseTests
{
    // Student's t of two degrees of freedom at 97.5 %, by tables.
    private const double T = 4.302653;
    private const double Tolerance = 1e-5;

    private static readonly SweptKey _rank = new("adapter.rank", "rank", ["4", "8"]);

    [Fact]
    public void Of_TwoKeysOfFewValues_HasALineForEachValueOfTheOther()
    {
        SweptKey alpha = new("adapter.alpha", "alpha", ["1", "2"]);
        var report = SampleSweep.Make(
            [_rank, alpha], SampleSweep.Point(["4", "1"], [3, 4, 5]), SampleSweep.Point(["4", "2"], [5, 5, 5]),
            SampleSweep.Point(["8", "1"], [6, 6, 6]), SampleSweep.Point(["8", "2"], [9, 9, 9], PointOutcome.Cut));

        var response = Response.Of(report)[0];

        Assert.Equal(["alpha=1", "alpha=2"], response.Lines.Select(line => line.Name));
        Assert.Equal([4, 6], response.Lines[0].Figures.Select(figure => figure!.Mean));
        Assert.Equal(4 - (T / Math.Sqrt(3)), response.Lines[0].Figures[0]!.Low!.Value, Tolerance);
        // What was left behind is no figure of the end.
        Assert.Null(response.Lines[1].Figures[1]);
        Assert.Equal([false, true], response.Lines[1].IsCut);
        Assert.InRange(ResponsePlace.Range(response).Most, 6, 8);
        Assert.Equal("a line for each alpha", response.Note);
    }

    [Fact]
    public void Of_ManyValuesOfTheOtherKey_AveragesOverItSeedBySeed()
    {
        SweptKey alpha = new("adapter.alpha", "alpha", [.. Enumerable.Range(0, 7).Select(i => $"{i}")]);
        var report = SampleSweep.Make(
            [_rank, alpha],
            [
                .. alpha.Values.Select((value, i) => SampleSweep.Point(["4", value], [i, i + 1, i + 2])),
                SampleSweep.Point(["8", "0"], [50, 50, 50], PointOutcome.Cut),
            ]);

        var response = Response.Of(report)[0];

        var line = Assert.Single(response.Lines);
        Assert.Equal([3, 4, 5], line.Figures[0]!.Values);
        Assert.Equal(4 + (T / Math.Sqrt(3)), line.Figures[0]!.High!.Value, Tolerance);
        Assert.Null(line.Figures[1]);
        Assert.StartsWith("averaged over alpha", response.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eval_loss", 0, 1.710563)]
    [InlineData("eval_accuracy", 0, 1)]
    [InlineData("eval_exact_match", 0, 1)]
    [InlineData("eval_matthews", -1, 1)]
    [InlineData("eval_score", -1, 1)]
    public void Of_AnAveragedLine_HasNoIntervalBeyondWhatTheMetricCanBe(string metric, double least, double most)
    {
        SweptKey alpha = new("adapter.alpha", "alpha", [.. Enumerable.Range(0, 7).Select(i => $"{i}")]);
        // Student's interval of these three is from -0.81 to 1.71; of the other ones from -1.99 to 1.99.
        double[] spread = least < 0 ? [-0.8, 0, 0.8] : [0, 0.35, 1];
        var report = SampleSweep.Make([_rank, alpha], [.. alpha.Values.Select(value => SampleSweep.Point(["4", value], spread))]);

        var figure = Response.Of(report with { Metric = metric })[0].Lines[0].Figures[0]!;

        Assert.Equal(least, figure.Low);
        Assert.Equal(most, figure.High!.Value, Tolerance);
    }

    [Fact]
    public void Charts_OfASweep_AreWellFormedAndCountTheirSeriesThrough()
    {
        SweptKey alpha = new("adapter.alpha", "alpha", ["1", "2"]);
        var report = SampleSweep.Make(
            [_rank, alpha], SampleSweep.Point(["4", "1"], [1, 2, 3]), SampleSweep.Point(["4", "2"], [5, 5, 5]),
            SampleSweep.Point(["8", "1"], [4, 4, 4]), SampleSweep.Point(["8", "2"], [9, 9, 9], PointOutcome.Cut));

        var page = SweepPage.Of(report);

        Assert.Equal(["alpha=1", "alpha=2", "rank=4", "rank=8"], page.Series);
        Assert.Equal(
            ["0 1", "2 3"],
            page.Charts.Select(chart => string.Join(' ', XDocument.Parse(chart.Svg).Descendants()
                .Select(part => (string?)part.Attribute("data-s")).OfType<string>().Distinct().Order())));
        Assert.Contains("crosses: left behind", page.Charts[0].Title, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page.Charts[1].Svg, StringComparison.Ordinal);
    }
}
