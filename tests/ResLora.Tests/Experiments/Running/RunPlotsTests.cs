using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

public sealed class RunPlotsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_LossesOfStepsAndEvaluations_DrawsThem()
    {
        _folder.Write("metrics.jsonl", """
            {"step":1,"loss":2.5}
            {"step":2,"loss":"NaN"}
            {"step":3,"loss":1.5}
            {"step":3,"eval_loss":1.6}
            """);
        var run = new RunFolder(_folder.Path);

        RunPlots.Write(run, "text", "nats a token");

        Assert.True(File.Exists(run.LossPlot));
        Assert.False(File.Exists(run.EvaluationPlot));
    }

    [Fact]
    public void Write_WithoutMetrics_IsAWarningAndNoFailure()
    {
        var heard = new List<string>();
        using var warnings = Warnings.Listen(heard.Add);

        RunPlots.Write(new RunFolder(_folder.Path), "text", "nats a token");

        Assert.Single(heard, sentence => sentence.Contains("cannot be drawn", StringComparison.Ordinal));
    }
}
