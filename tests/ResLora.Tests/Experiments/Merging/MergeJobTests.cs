using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Merging;

public sealed class MergeJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    // float32: the merged weight is rounded once, the unmerged update separately.
    private const double Rounding = 1e-4;

    [Theory]
    [InlineData(ShortcutKind.None, MergeTarget.Lora, true)]
    [InlineData(ShortcutKind.Block, MergeTarget.Model, true)]
    [InlineData(ShortcutKind.Input, MergeTarget.Lora, false)]
    [InlineData(ShortcutKind.Middle, MergeTarget.Model, false)]
    public void Run_EachStructure_WritesWhatItSaysAndMeasuresTheLoss(ShortcutKind kind, MergeTarget target, bool exact)
    {
        var run = TrainJob.Run(world.Run($"merge-{kind}", kind), stop: TestContext.Current.CancellationToken);
        var output = world.Folder[$"merged-{kind}"];

        var report = Merge(new MergeOptions { Adapter = new RunFolder(run.RunFolder).Best, As = target, Output = output });

        Assert.Equal(exact, report.IsExact);
        Assert.Equal(exact, report.Loss.MaxLogitDifference < Rounding);
        Assert.StartsWith("6 samples of the validation data of the run", report.MeasuredOn, StringComparison.Ordinal);
        Assert.InRange(report.ReadBackDifference!.Value, 0, Rounding);
        Assert.True(File.Exists(Path.Combine(output, target == MergeTarget.Lora ? "adapter_model.safetensors" : "model.safetensors")));
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, MergeJob.ReportFileName)));
        Assert.Equal(report.Loss.MeanKl, written.RootElement.GetProperty("loss").GetProperty("meanKl").GetDouble());
    }

    [Fact]
    public void Run_OutputInAFolderThatARunHolds_IsRefused()
    {
        var run = TrainJob.Run(world.Run("merge-held", ShortcutKind.Block), stop: TestContext.Current.CancellationToken);
        using var held = RunLock.Take(world.Folder["goes-on"]);

        var error = Assert.Throws<ConfigException>(() => Merge(new MergeOptions
        {
            Adapter = new RunFolder(run.RunFolder).Best,
            As = MergeTarget.Lora,
            Output = Path.Combine(world.Folder["goes-on"], "merged"),
        }));

        Assert.Contains("is in use", error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(world.Folder["goes-on"], "merged")));
    }

    [Fact]
    public void Run_AdapterAwayFromItsRun_IsMeasuredOnTextsOfTheModelItself()
    {
        var run = TrainJob.Run(world.Run("away"), stop: TestContext.Current.CancellationToken);
        var adapter = world.Folder["adapter-alone"];
        Directory.Move(new RunFolder(run.RunFolder).Best, adapter);
        Directory.CreateDirectory(world.Folder["inner"]);
        Directory.Move(adapter, Path.Combine(world.Folder["inner"], "adapter"));

        var report = Merge(new MergeOptions
        {
            Adapter = Path.Combine(world.Folder["inner"], "adapter"),
            Method = MergeMethod.Weights,
            As = MergeTarget.Lora,
            Output = world.Folder["away-merged"],
        });

        Assert.Contains("that the unmerged model wrote", report.MeasuredOn, StringComparison.Ordinal);
        Assert.Equal("weights", report.Method);
    }

    [Fact]
    public void Run_MethodThatDoesNotFit_IsRefusedAndNothingIsWritten()
    {
        var run = TrainJob.Run(world.Run("unfit"), stop: TestContext.Current.CancellationToken);
        var output = world.Folder["unfit-merged"];

        var error = Assert.Throws<ConfigException>(() => Merge(new MergeOptions
        {
            Adapter = new RunFolder(run.RunFolder).Best,
            Method = MergeMethod.Exact,
            As = MergeTarget.Lora,
            Output = output,
        }));

        Assert.Contains("use least-squares or projection", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_Compare_RanksEveryMethodByDivergenceAndWritesNothing(ShortcutKind kind)
    {
        var run = TrainJob.Run(world.Run($"compare-{kind}", kind), stop: TestContext.Current.CancellationToken);

        var report = Merge(new MergeOptions { Adapter = new RunFolder(run.RunFolder).Best, Compare = true, Samples = 4 });

        Assert.Equal(
            ["dropped", "input", "least-squares", "least-squares sequential", "projection", "weights"], report.Ranking.Select(outcome => outcome.Method).Order(StringComparer.Ordinal));
        Assert.Equal(report.Ranking.Select(outcome => outcome.Loss.MeanKl).Order(), report.Ranking.Select(outcome => outcome.Loss.MeanKl));
        Assert.Equal(report.Best, report.Method);
        Assert.Null(report.Output);
        Assert.StartsWith("57 samples of the training data", report.CalibratedOn, StringComparison.Ordinal);
        Assert.StartsWith("4 samples of the validation data", report.MeasuredOn, StringComparison.Ordinal);
        Assert.All(report.Ranking, outcome => Assert.Equal(4, outcome.ExactMatch!.Total));
        Assert.All(report.Ranking, outcome => Assert.Equal(6, outcome.Modules.Count));
        Assert.True(ErrorOf(report, "least-squares") < ErrorOf(report, "projection"));
        Assert.True(ErrorOf(report, "least-squares") < ErrorOf(report, "dropped"));
        Assert.True(ErrorOf(report, "dropped") > 0);
    }

    [Fact]
    public void Run_CompareWithOutput_WritesTheBestWithItsReportAndPlot()
    {
        var run = TrainJob.Run(world.Run("auto", ShortcutKind.Middle), stop: TestContext.Current.CancellationToken);
        var output = world.Folder["auto-merged"];

        var report = Merge(new MergeOptions { Adapter = new RunFolder(run.RunFolder).Best, Compare = true, Answers = false, As = MergeTarget.Lora, Output = output });

        Assert.Equal(report.Ranking[0].Method, report.Method);
        Assert.Null(report.Chosen.ExactMatch);
        Assert.NotNull(report.Dropped);
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, MergeJob.ReportFileName)));
        Assert.Equal(report.Method, written.RootElement.GetProperty("method").GetString());
        Assert.Equal(6, written.RootElement.GetProperty("ranking").GetArrayLength());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(output, MergeJob.PlotFileName))[..4]);
    }

    [Fact]
    public void Run_CalibrationThatUserNames_IsUsed()
    {
        var run = TrainJob.Run(world.Run("named"), stop: TestContext.Current.CancellationToken);

        var report = Merge(new MergeOptions
        {
            Adapter = new RunFolder(run.RunFolder).Best,
            Compare = true,
            Task = "word-problems",
            Calibration = world.Data,
            CalibrationSamples = 5,
            Data = world.Data,
            Samples = 3,
        });

        Assert.Equal($"5 samples of {world.Data}", report.CalibratedOn);
        Assert.Equal($"3 samples of {world.Data}", report.MeasuredOn);
    }

    [Fact]
    public void Run_AnnealedAdapter_MergesExactlyAndSaysSo()
    {
        var config = world.Run("annealed");
        var annealing = config with { Adapter = config.Adapter! with { Shortcut = config.Adapter.Shortcut with { Anneal = 0.5 } } };
        var run = TrainJob.Run(annealing, stop: TestContext.Current.CancellationToken);

        var report = Merge(new MergeOptions
        {
            Adapter = new RunFolder(run.RunFolder).Last,
            Method = MergeMethod.Exact,
            As = MergeTarget.Model,
            Output = world.Folder["annealed-merged"],
        });

        Assert.True(report.IsExact);
        Assert.InRange(report.Loss.MaxLogitDifference, 0, Rounding);
        Assert.Single(report.Ranking);
    }

    [Fact]
    public void Run_DataOfTheRunGone_SaysWhyOtherTextsWereTaken()
    {
        var run = TrainJob.Run(world.Run("gone"), stop: TestContext.Current.CancellationToken);
        var config = new RunFolder(run.RunFolder).ConfigFile;
        File.WriteAllText(config, File.ReadAllText(config).Replace(world.Data, world.Data + ".gone", StringComparison.Ordinal));

        var report = Merge(new MergeOptions { Adapter = new RunFolder(run.RunFolder).Best, Compare = true });

        Assert.Contains("because the run's own data cannot be read", report.CalibratedOn, StringComparison.Ordinal);
        Assert.Contains("train.jsonl.gone", report.MeasuredOn, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".", "written over what it is made from")]
    [InlineData("best", "written over what it is made from")]
    [InlineData("last", "written over what it is made from")]
    [InlineData("checkpoints", "written over what it is made from")]
    public void Run_OutputThatHoldsASource_IsRefusedAndNothingIsTouched(string part, string expected)
    {
        var config = world.Run($"sources-of-{part.Replace('.', 'r')}", ShortcutKind.None);
        var run = TrainJob.Run(
            config with { Training = config.Training with { CheckpointEvery = 1 } }, stop: TestContext.Current.CancellationToken).RunFolder;
        string[] before = [.. Directory.EnumerateFileSystemEntries(run, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

        var error = Assert.Throws<ConfigException>(() => Merge(new MergeOptions
        {
            Adapter = new RunFolder(run).Best,
            As = MergeTarget.Lora,
            Output = Path.Combine(run, part),
            Overwrite = true,
        }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(run, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_IntoTheRunASecondTime_ReplacesTheFirst()
    {
        var run = TrainJob.Run(world.Run("inside", ShortcutKind.Block), stop: TestContext.Current.CancellationToken).RunFolder;
        var options = new MergeOptions { Adapter = new RunFolder(run).Best, As = MergeTarget.Lora, Output = Path.Combine(run, "merged"), Answers = false };
        Merge(options);

        Assert.Throws<ConfigException>(() => Merge(options));
        Merge(options with { As = MergeTarget.Model, Overwrite = true });

        Assert.True(File.Exists(Path.Combine(run, "merged", "model.safetensors")));
        Assert.False(File.Exists(Path.Combine(run, "merged", "adapter_model.safetensors")));
    }

    [Fact]
    public void Run_ExactMergeOnABaseInBfloat16_CostsWhatTheExportSays()
    {
        var model = world.Folder["in-bfloat16"];
        using (var session = ModelSession.Load(world.Model))
        {
            ModelFolder.Write(session.Model, world.Model, model, ScalarType.BFloat16);
        }

        var run =
            TrainJob.Run(world.Run("bfloat16", ShortcutKind.None) with { Model = model }, stop: TestContext.Current.CancellationToken);
        var adapter = new RunFolder(run.RunFolder).Best;

        var merge = Merge(
            new MergeOptions { Adapter = adapter, As = MergeTarget.Model, Output = world.Folder["bfloat16-merged"], Answers = false });
        var export = ExportJob.Run(new ExportOptions { Adapter = adapter, To = "hf", Output = world.Folder["bfloat16-export"] });

        Assert.Equal(export.MergeLoss, merge.Loss);
        Assert.Equal(1, merge.Loss.TopOneAgreement);
        Assert.InRange(merge.Loss.MaxLogitDifference, 0, Rounding);
        using var written = ModelSession.Load(world.Folder["bfloat16-merged"]);
        Assert.Equal(ScalarType.BFloat16, written.Model.DataType);
    }

    [Theory]
    [InlineData(null, null, false, "nothing to do")]
    [InlineData(MergeTarget.Lora, null, true, "as and output go together")]
    public void Run_SettingsThatDoNotFitEachOther_AreRefused(MergeTarget? target, string? output, bool compare, string problem)
    {
        var error = Assert.Throws<ConfigException>(
            () => Merge(new MergeOptions { Adapter = "nowhere", As = target, Output = output, Compare = compare, Data = "x" }));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("the task of 'x' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_UpdatesOfAnyRankAsLora_AreRefusedBeforeAnythingIsMeasured()
    {
        var run = world.Run("dense", ShortcutKind.Input);
        TrainJob.Run(run with { Adapter = run.Adapter! with { Method = "loha" } }, stop: TestContext.Current.CancellationToken);
        var options = new MergeOptions { Adapter = new RunFolder(world.Folder["dense"]).Best, As = MergeTarget.Lora, Output = world.Folder["dense-lora"], Answers = false };
        var told = new List<RunEvent>();

        var error = Assert.Throws<ConfigException>(() => MergeJob.Run(options, new Told(told.Add), TestContext.Current.CancellationToken));
        var merged = Merge(options with { As = MergeTarget.Model, Output = world.Folder["dense-model"] });

        Assert.Contains("dense updates (LoHa)", error.Message, StringComparison.Ordinal);
        Assert.Empty(told);
        Assert.False(Directory.Exists(world.Folder["dense-lora"]));
        Assert.Equal("least-squares", merged.Chosen.Method);
    }

    private static double ErrorOf(MergeReport report, string method) =>
        report.Ranking.Single(outcome => outcome.Method == method).MeanUpdateError;

    private static MergeReport Merge(MergeOptions options) => MergeJob.Run(options, stop: TestContext.Current.CancellationToken);

    private sealed class Told(Action<RunEvent> record) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => record(value);
    }
}
