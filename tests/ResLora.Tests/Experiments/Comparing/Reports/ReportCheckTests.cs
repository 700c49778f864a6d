using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed class ReportCheckTests
{
    [Fact]
    public void Of_ARepetitionThatTookLonger_HasNoDifference()
    {
        var earlier = SampleReport.Make();

        var differences = ReportCheck.Of(earlier, WithFigure(SampleReport.Make(), FigureKind.Seconds, 99));

        Assert.Empty(differences);
    }

    [Fact]
    public void Of_AnotherLoss_NamesArmSeedAndByHowMuch()
    {
        var differences = ReportCheck.Of(SampleReport.Make(), WithFigure(SampleReport.Make(), FigureKind.Loss, 1));

        Assert.Equal([new ReportDifference("arm<1>", "loss", 1, "0.75", "1", 0.25)], differences);
    }

    [Fact]
    public void Of_OtherDataAndVerdict_NamesBoth()
    {
        var earlier = SampleReport.Make(0.5, 0.9);
        var now = SampleReport.Make(0.5, 0.501) with { Sources = new Dictionary<string, string> { ["model"] = "abd" } };

        var differences = ReportCheck.Of(earlier, now);

        Assert.Contains(new ReportDifference("", "model (sha256)", null, "abc", "abd", null), differences);
        Assert.Contains(new ReportDifference("arm<1>", "verdict", null, "Better", "NotShown", null), differences);
        Assert.Contains(new ReportDifference("arm<1>", "verdict by loss", null, "Worse", "NotShown", null), differences);
    }

    [Fact]
    public void Of_AnArmLess_IsADifference()
    {
        var differences = ReportCheck.Of(SampleReport.Make(0.5, 0.6, 0.7), SampleReport.Make(0.5, 0.6));

        Assert.Equal("lora, arm<1>, arm<2>", Assert.Single(differences, one => one.Figure == "arms").Expected);
    }

    [Fact]
    public void Of_SeedsInAnotherOrder_AreHeldAgainstEachOtherByNumber()
    {
        var now = SampleReport.Make();
        now = now with
        {
            Seeds = [2, 1],
            Arms =
            [
                .. now.Arms.Select(arm => arm with
                {
                    Figures = arm.Figures.ToDictionary(figure => figure.Key, figure => figure.Value with
                    {
                        Values = [.. figure.Value.Values.Reverse()],
                    }),
                }),
            ],
        };

        Assert.Equal([new ReportDifference("", "seeds", null, "1, 2", "2, 1", null)], ReportCheck.Of(SampleReport.Make(), now));
    }

    [Fact]
    public void Of_OtherSettings_NamesThemAndNotWhatChangesNoFigure()
    {
        static ComparisonReport With(string config) => SampleReport.Make() with { Config = config };
        var earlier = With(
            """
            model: a
            training: {steps: 3, threads: 1}
            adapter: {rank: 4}
            compare: {testCount: 5, seeds: [1], score: auto}
            """);
        var now = With(
            """
            model: b
            training: {steps: 4, threads: 2, schedule: cosine}
            adapter: null
            compare: {testCount: null, score: loss}
            """);

        Assert.Equal(
            [
                ("adapter.rank", "4", "none"), ("compare.score", "\"auto\"", "\"loss\""), ("compare.testCount", "5", "null"),
                ("training.steps", "3", "4"),
            ],
            ReportCheck.Of(earlier, now).Select(one => (one.Figure, one.Expected, one.Found)));
    }

    [Fact]
    public void Of_AVerdictThatIsMissing_IsADifference()
    {
        var now = SampleReport.Make() with { Verdicts = [] };

        var difference = Assert.Single(ReportCheck.Of(SampleReport.Make(), now));

        Assert.Equal(("verdict", "none"), (difference.Figure, difference.Found));
    }

    private static ComparisonReport WithFigure(ComparisonReport report, FigureKind kind, double first) => report with
    {
        Arms =
        [
            report.Arms[0],
            report.Arms[1] with
            {
                Figures = new Dictionary<string, Figure>(report.Arms[1].Figures)
                {
                    [kind.Key] = report.Arms[1].Figures[kind.Key] with { Values = [first, report.Arms[1].Figures[kind.Key].Values[1]] },
                },
            },
        ],
    };
}
