using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Sweeping;
using ResLora.Experiments.Sweeping.Reports;

namespace ResLora.Tests.Experiments.Sweeping.Reports;

/// <summary>Reports made up of numbers that are easy to find again.</summary>
internal static class SampleSweep
{
    public static PointReport Point(string[] values, double[] losses, PointOutcome outcome = PointOutcome.Finished) => new()
    {
        Name = string.Join(", ", values),
        Values = values,
        Outcome = outcome,
        Step = outcome == PointOutcome.Cut ? 25 : 100,
        Steps = 100,
        Value = Figure.Of([.. losses.Select(loss => (double?)loss)], 0),
        Seconds = Figure.Of([.. losses.Select(_ => (double?)2.5)], 0),
        TrainedParameters = 1234,
        PeakMemory = 1 << 20,
    };

    public static SweepReport Make(SweptKey[] keys, params PointReport[] points)
    {
        PointReport[] ranking = [.. points.Where(point => point.Outcome == PointOutcome.Finished).OrderBy(point => point.Value.Mean)];
        long[] seeds = [.. points[0].Value.Values.Select((_, i) => (long)i + 1)];
        var verdicts = BestVerdict.Of(ranking, points.Length, seeds, isLowerBetter: true);
        return new SweepReport
        {
            Version = SweepReport.CurrentVersion,
            Program = "reslora 1",
            Machine = "a machine",
            Task = "sums",
            Metric = "eval_loss",
            IsLowerBetter = true,
            ValidationSamples = 50,
            Seeds = seeds,
            Keys = keys,
            Source = PointSource.Grid,
            Rungs = points.Any(point => point.Outcome == PointOutcome.Cut) ? [new Rung(0.25, points.Length, ranking.Length)] : [],
            Points = points,
            Ranking = [.. ranking.Select(point => point.Name)],
            Verdicts = verdicts,
            Findings = [.. BestVerdict.Sentences(ranking, verdicts, "eval_loss", points)],
            Sources = new Dictionary<string, string> { ["model"] = "abc" },
            Config = "model: base\n",
        };
    }
}
