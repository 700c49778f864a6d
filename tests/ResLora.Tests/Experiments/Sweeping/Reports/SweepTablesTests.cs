using ResLora.Experiments.Sweeping.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping.Reports;

public sealed class SweepTablesTests
{
    private static readonly SweptKey[] _rank = [new("adapter.rank", "rank", ["4", "8", "16"])];

    [Fact]
    public void Of_AHalvedSweep_TellsTheFinishedFromThoseLeftBehind()
    {
        var report = SampleSweep.Make(
            _rank, SampleSweep.Point(["4"], [1.5, 1.6, 1.7]), SampleSweep.Point(["8"], [1.25, 1.25, 1.25]),
            SampleSweep.Point(["16"], [1, 1, 1], PointOutcome.Cut));

        var tables = SweepTables.Of(report);

        Assert.Equal(["Points", "Left behind", "By seed"], tables.Select(table => table.Title));
        Assert.Equal(["8", "4"], tables[0].Rows.Select(row => row[0].Text));
        // 1.6 ± 4.302653 · 0.1 / √3.
        Assert.Equal("1.6000 (1.3516 to 1.8484)", tables[0].Rows[1][1].Text);
        Assert.Equal(["2.5 (2.5 to 2.5)", "1,234", "1.0 MB"], tables[0].Rows[1].Skip(2).Select(cell => cell.Text));
        Assert.Equal(["16", "25", "100", "1.0000 (1.0000 to 1.0000)"], tables[1].Rows[0].Take(4).Select(cell => cell.Text));
        Assert.Contains("says nothing of the end", tables[1].Note, StringComparison.Ordinal);
        Assert.Contains("No test data was read", tables[0].Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Facts_OfASweep_SayWhatItCostAndHowItWasHalved()
    {
        var report = SampleSweep.Make(
            _rank, SampleSweep.Point(["4"], [1.5, 1.6, 1.7]), SampleSweep.Point(["8"], [1.25, 1.25, 1.25]),
            SampleSweep.Point(["16"], [1, 1, 1], PointOutcome.Cut));

        var facts = SweepFacts.Of(report).ToDictionary();

        Assert.StartsWith("9 runs, 675 steps, 22.5 seconds of training", facts["cost"], StringComparison.Ordinal);
        Assert.Equal("at 25% of a run 2 of 3 points go on", facts["halving"]);
        Assert.Equal("4, 8, 16", facts["adapter.rank"]);
        Assert.Equal("all 3 combinations", facts["points"]);
    }
}
