using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Running;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

public sealed class MergedScoresTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_MergesToEvaluate_AreLoggedReportedAndPlotted()
    {
        var events = new List<RunEvent>();

        var report = Train("scored", [MergeMethod.LeastSquares, MergeMethod.Dropped], "eval_loss", new Recorder(events.Add));

        string[] names = ["eval_loss", "eval_merged_dropped_loss", "eval_merged_least_squares_loss", "eval_perplexity"];
        Assert.All(events.OfType<EvaluationDone>(), done => Assert.Equal(names, done.Metrics.Keys.Order(StringComparer.Ordinal)));
        Assert.Equal(4, Values(report.RunFolder, "eval_merged_least_squares_loss").Count);
        Assert.True(File.Exists(new RunFolder(report.RunFolder).EvaluationPlot));
    }

    [Fact]
    public void Run_BestByAMergedLoss_IsTheStepWhoseMergedLossIsLowest()
    {
        var report = Train("best-merged", [MergeMethod.Dropped], "eval_merged_dropped_loss");

        var merged = Values(report.RunFolder, "eval_merged_dropped_loss");
        Assert.Equal(merged.MinBy(point => point.Value).Step, report.Result.BestStep);
        Assert.Equal(merged.Min(point => point.Value), report.Result.BestMetric!.Value, 12);
        Assert.NotEqual(merged.Select(point => point.Value), Values(report.RunFolder, "eval_loss").Select(point => point.Value));
    }

    [Fact]
    public void Run_BestByMergedAnswers_GeneratesThem()
    {
        var report = Train("answers", [MergeMethod.Input], "eval_merged_input_exact_match");

        Assert.Equal(4, Values(report.RunFolder, "eval_merged_input_exact_match").Count);
        Assert.Equal(4, Values(report.RunFolder, RunConfig.ExactMatchMetric).Count);
    }

    [Fact]
    public void Run_ScoringMerges_DoesNotChangeTraining()
    {
        var plain = Train("plain", [], "eval_loss");
        var scored = Train("observed", [MergeMethod.LeastSquares, MergeMethod.Input, MergeMethod.Weights], "eval_loss");

        Assert.Equal(plain.Result.Losses, scored.Result.Losses);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(plain.RunFolder, "last", "adapter.safetensors")),
            File.ReadAllBytes(Path.Combine(scored.RunFolder, "last", "adapter.safetensors")));
    }

    [Fact]
    public void Problems_MergesThatDoNotFit_AreNamed()
    {
        var config = world.Run("unfit") with { Merging = new MergingConfig { Evaluate = [MergeMethod.Exact], CalibrationSamples = 0 } };

        Assert.Contains(
            config.Problems(), problem => problem.StartsWith("merging.evaluate has exact, which does not fit", StringComparison.Ordinal));
        Assert.Contains(config.Problems(), problem => problem.StartsWith("merging.calibrationSamples is 0", StringComparison.Ordinal));
        Assert.Contains(
            (config with { Adapter = null }).Problems(),
            problem => problem.Contains("there is no adapter to merge", StringComparison.Ordinal));
    }

    [Fact]
    public void Problems_PatienceWithAnnealing_IsRefused()
    {
        var config = world.Run("impatient");
        config = config with
        {
            Adapter = config.Adapter! with { Shortcut = config.Adapter.Shortcut with { Anneal = 0.5 } },
            Training = config.Training with { Patience = 2 },
        };

        Assert.StartsWith("training.patience may end the run before", Assert.Single(config.Problems()), StringComparison.Ordinal);
    }

    private TrainReport Train(string name, IReadOnlyList<MergeMethod> merges, string best, IProgress<RunEvent>? progress = null)
    {
        var config = world.Run(name, ShortcutKind.Input, steps: 4);
        return TrainJob.Run(
            config with
            {
                Training = config.Training with { EvaluateEvery = 1, BestMetric = best },
                Merging = new MergingConfig { Evaluate = merges, CalibrationSamples = 8 },
            },
            progress: progress,
            stop: TestContext.Current.CancellationToken);
    }

    private static List<(int Step, double Value)> Values(string run, string metric) =>
    [
        .. File.ReadLines(new RunFolder(run).MetricsFile)
            .Select(line => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(line)!)
            .Where(line => line.ContainsKey(metric))
            .Select(line => (line["step"].GetInt32(), line[metric].GetDouble())),
    ];

    private sealed class Recorder(Action<RunEvent> record) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => record(value);
    }
}
