using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using Xunit;

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

        var report = MergeJob.Run(new MergeOptions { Adapter = new RunFolder(run.RunFolder).Best, As = target, Output = output });

        Assert.Equal(exact, report.IsExact);
        Assert.Equal(exact, report.Loss.MaxLogitDifference < Rounding);
        Assert.StartsWith("6 samples of validation data of the run", report.MeasuredOn, StringComparison.Ordinal);
        Assert.InRange(report.ReadBackDifference, 0, Rounding);
        Assert.True(File.Exists(Path.Combine(output, target == MergeTarget.Lora ? "adapter_model.safetensors" : "model.safetensors")));
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, MergeJob.ReportFileName)));
        Assert.Equal(report.Loss.MeanKl, written.RootElement.GetProperty("loss").GetProperty("meanKl").GetDouble());
    }

    [Fact]
    public void Run_AdapterAwayFromItsRun_IsMeasuredOnTextsOfTheModelItself()
    {
        var run = TrainJob.Run(world.Run("away"), stop: TestContext.Current.CancellationToken);
        var adapter = world.Folder["adapter-alone"];
        Directory.Move(new RunFolder(run.RunFolder).Best, adapter);
        Directory.CreateDirectory(world.Folder["inner"]);
        Directory.Move(adapter, Path.Combine(world.Folder["inner"], "adapter"));

        var report = MergeJob.Run(new MergeOptions
        {
            Adapter = Path.Combine(world.Folder["inner"], "adapter"),
            Method = MergeMethod.Weights,
            As = MergeTarget.Lora,
            Output = world.Folder["away-merged"],
        });

        Assert.Contains("that the unmerged model wrote", report.MeasuredOn, StringComparison.Ordinal);
        Assert.Equal(MergeMethod.Weights, report.Method);
    }

    [Fact]
    public void Run_MethodThatDoesNotFit_IsRefusedAndNothingIsWritten()
    {
        var run = TrainJob.Run(world.Run("unfit"), stop: TestContext.Current.CancellationToken);
        var output = world.Folder["unfit-merged"];

        var error = Assert.Throws<ConfigException>(() => MergeJob.Run(new MergeOptions
        {
            Adapter = new RunFolder(run.RunFolder).Best,
            Method = MergeMethod.Exact,
            As = MergeTarget.Lora,
            Output = output,
        }));

        Assert.Contains("use input or weights", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }
}
