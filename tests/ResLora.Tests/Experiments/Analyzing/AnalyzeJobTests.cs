using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Analyzing.Reports;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Analyzing;

public sealed class AnalyzeJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const double Rounding = 1e-5;   // float32

    [Fact]
    public void Run_ArmsOfEveryShortcut_WritesEveryNumberWordsAndPictures()
    {
        var config = Config("whole", ShortcutKind.None, ShortcutKind.Input, ShortcutKind.Block, ShortcutKind.Middle);

        var report = Run(config);

        var folder = new AnalyzeFolder(config.Output);
        using var json = JsonDocument.Parse(File.ReadAllText(folder.ReportFile));
        var arms = json.RootElement.GetProperty("arms").EnumerateArray().ToArray();
        Assert.Equal(["none", "input", "block", "middle"], arms.Select(arm => arm.GetProperty("name").GetString()));
        Assert.All(arms, arm => Assert.Equal(
            [0, 2, 4], arm.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetInt32())));
        // q_proj and v_proj of three layers.
        Assert.All(arms, arm => Assert.Equal(6, arm.GetProperty("steps")[0].GetProperty("blocks").GetArrayLength()));
        Assert.All(report.Arms, arm => Assert.InRange(arm.Summary.Deviation, 0, Rounding));
        Assert.All(report.Arms, arm => Assert.NotEqual(arm.Summary.FirstLoss, arm.Summary.LastLoss));
        Assert.Equal([false, true, true, true], report.Arms.Select(arm => arm.Summary.ShortcutOfB is not null));
        Assert.Equal([false, true, false, true], report.Arms.Select(arm => arm.Summary.StraightOverBase is not null));
        Assert.Equal([false, true, false, true], report.Arms.Select(arm => arm.Summary.LastAlpha is not null));
        Assert.Equal(
            [false, true, false, false], report.Arms.Select(arm => arm.Steps[^1].Blocks.Any(block => block.AlphaByWeights is not null)));
        var text = File.ReadAllText(folder.MarkdownFile);
        Assert.All(report.Findings, finding => Assert.Contains(finding, text, StringComparison.Ordinal));
        Assert.Equal(Quantity.All.Count, Directory.GetFiles(folder.PlotFolder, "*.png").Length);
    }

    [Fact]
    public void Run_ANewAdapter_HasNoUpdateBeforeTheFirstStepAndOneAfterIt()
    {
        var report = Run(Config("new", ShortcutKind.Input));

        var steps = report.Arms[0].Steps;
        Assert.All(steps[0].Blocks, block => Assert.Equal((0, 0, 0), (block.Update, block.EffectiveRank, block.Probe.GradientA.Own)));
        Assert.All(steps[^1].Blocks, block => Assert.True(block is { Update: > 0, EffectiveRank: >= 1, Weight: > 0 }, block.Module));
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_WithProbes_TrainsBitForBitAsWithoutThem(ShortcutKind kind)
    {
        var name = $"bits-{kind}";
        var config = Config(name, kind);
        var plain = config.Arms[0].Run with { Output = world.Folder[name + "-plain"] };
        TrainJob.Run(plain, stop: TestContext.Current.CancellationToken);

        Run(config);

        var probed = new RunFolder(new AnalyzeFolder(config.Output).RunOf(config.Arms[0].Name));
        Assert.Equal(Saved(new RunFolder(plain.Output!)), Saved(probed));
    }

    [Fact]
    public void Run_ASecondTime_TrainsNothingAnew()
    {
        var config = Config("twice", ShortcutKind.None, ShortcutKind.Middle);
        var first = Run(config);
        var events = new List<RunEvent>();

        var second = Run(config, events.Add);

        Assert.DoesNotContain(events, value => value is StepDone);
        Assert.Equal(first.Arms[1].Summary, second.Arms[1].Summary);
    }

    [Fact]
    public void Run_StoppedAndGoneOnWith_MeasuresAsIfItHadNotBeen()
    {
        var whole = Run(Config("unstopped", ShortcutKind.Input));
        var config = Config("stopped", ShortcutKind.Input);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => Run(
            config, value =>
            {
                if (value is StepDone { Step: 3 })
                {
                    stop.Cancel();
                }
            },
            stop.Token));

        var report = Run(config);

        Assert.Equal(whole.Arms[0].Summary, report.Arms[0].Summary);
        Assert.Equal([0, 2, 4], report.Arms[0].Steps.Select(step => step.Step));
    }

    [Fact]
    public void Run_AFolderOfOtherSettings_IsRefused()
    {
        Run(Config("other", ShortcutKind.None));
        var config = Config("other", ShortcutKind.None);

        var error = Assert.Throws<ConfigException>(() => Run(config with { Settings = config.Settings with { Samples = 2 } }));

        Assert.Contains("holds another analysis: analyze.samples is ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AFolderWithSomethingElse_IsRefused()
    {
        var config = Config("foreign", ShortcutKind.None);
        Directory.CreateDirectory(config.Output);
        File.WriteAllText(Path.Combine(config.Output, "mine.txt"), "");

        var error = Assert.Throws<ConfigException>(() => Run(config));

        Assert.Contains("'mine.txt'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_NoHeldOutSamples_IsRefused()
    {
        var config = Config("none", ShortcutKind.None);
        var run = config.Run with { Data = config.Run.Data with { ValidationCount = 0 } };

        var error = Assert.Throws<ConfigException>(() => AnalyzePlan.Of(config with { Run = run }));

        Assert.Contains("data.validationCount", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 4, new[] { 0, 100, 200, 300 })]
    [InlineData(7, 3, new[] { 0, 4, 7 })]
    [InlineData(2, 10, new[] { 0, 1, 2 })]
    public void StepsOf_ARun_AreSpreadFromBeforeItToItsEnd(int total, int count, int[] expected) =>
        Assert.Equal(expected, ProbeWatcher.StepsOf(total, count).Order());

    private static AnalysisReport Run(AnalyzeConfig config, Action<RunEvent>? report = null, CancellationToken? stop = null) =>
        AnalyzeJob.Run(
            AnalyzePlan.Of(config), report is null ? null : new Listener(report), stop ?? TestContext.Current.CancellationToken);

    private static byte[] Saved(RunFolder run) => File.ReadAllBytes(Path.Combine(run.Last, "adapter.safetensors"));

    /// <summary>Arms called after their shortcuts, with dropout, so that the run draws random numbers.</summary>
    private AnalyzeConfig Config(string output, params ShortcutKind[] kinds)
    {
        Arm Of(ShortcutKind kind)
        {
            var run = world.Run("x", kind, steps: 4) with { Output = null };
            return new Arm(
                kind.ToString().ToLowerInvariant(), [], [], run with { Adapter = run.Adapter! with { Dropout = 0.2 } });
        }

        return new AnalyzeConfig(
            Of(ShortcutKind.None).Run, new AnalyzeSettings { Steps = 3, Samples = 4 }, [.. kinds.Select(Of)], world.Folder[output]);
    }

    private sealed class Listener(Action<RunEvent> report) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => report(value);
    }
}
