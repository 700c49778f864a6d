using ResLora.Adapters;
using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Comparing;
using Xunit;

namespace ResLora.Tests.Experiments.Analyzing;

public sealed class AnalyzeEncoderTests(TinyEncoderWorld world) : IClassFixture<TinyEncoderWorld>
{
    [Fact]
    public void Run_AnEncoderWithLabels_IsMeasuredToo()
    {
        var run = world.Run("x", ShortcutKind.Middle) with { Output = null };
        var config = new AnalyzeConfig(
            run, new AnalyzeSettings { Steps = 2 }, [new Arm("middle", [], [], run)], world.Folder["analysis"]);

        var report = AnalyzeJob.Run(AnalyzePlan.Of(config), stop: TestContext.Current.CancellationToken);

        var last = report.Arms[0].Steps[^1];
        Assert.Equal((4, 6), (last.Step, last.Blocks.Count));   // query and value of three layers
        Assert.InRange(report.Arms[0].Summary.Deviation, 0, 1e-5);
        Assert.NotNull(report.Arms[0].Summary.StraightOverBase);
    }
}
