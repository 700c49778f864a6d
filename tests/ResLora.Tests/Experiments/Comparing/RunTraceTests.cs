using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class RunTraceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_StepsAndEvaluations_AreToldApart()
    {
        var file = _folder.Write(
            "metrics.jsonl",
            "{\"step\":1,\"loss\":2.5,\"learning_rate\":0.1,\"gradient_norm\":1,\"tokens\":30,\"seconds\":0.5}\n"
            + "{\"step\":2,\"loss\":\"NaN\",\"learning_rate\":0.1,\"gradient_norm\":1,\"tokens\":40,\"seconds\":0.25}\n"
            + "{\"step\":2,\"eval_loss\":1.5}\n");

        var trace = RunTrace.Read(file);

        Assert.Equal((2, 70.0, 0.75, "tokens"), (trace.Steps.Count, trace.Count, trace.Seconds, trace.Unit));
        Assert.True(double.IsNaN(trace.Steps[1].Loss));
        Assert.Equal(1.5, trace.LastMetrics["eval_loss"]);
    }

    [Theory]
    [InlineData("{\"step\":1,\"loss\":", "has a line that is none of a run's")]
    [InlineData("", "has no step")]
    public void Read_ABrokenFile_IsRefused(string text, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => RunTrace.Read(_folder.Write("metrics.jsonl", text)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Digest_OtherCountsInAStep_Differs()
    {
        var equal = Trace([1, 2, 3]);

        Assert.Equal(equal.Digest, Trace([3, 2, 1]).Digest);
        Assert.NotEqual(equal.Digest, (equal with { Steps = [.. equal.Steps.Take(2), equal.Steps[2] with { Count = 11 }] }).Digest);
        Assert.NotEqual(equal.Digest, (equal with { Evaluations = [(2, new Dictionary<string, double>())] }).Digest);
    }

    [Fact]
    public void Smoothed_FortySteps_IsTheMeanOfTwo()
    {
        var smoothed = Trace([.. Enumerable.Range(0, 40).Select(i => (double)i)]).Smoothed();

        Assert.Equal([0, 0.5, 1.5, 38.5], [smoothed[0], smoothed[1], smoothed[2], smoothed[39]]);
    }

    [Fact]
    public void Convergence_OfARunThatIsFasterAndOneThatIsNot_IsFoundOrNull()
    {
        // The mean of two: 21 is where the reference ends.
        var reference = Trace([.. Enumerable.Range(0, 40).Select(i => 59.5 - i)]);
        var faster = Trace([.. Enumerable.Range(0, 40).Select(i => 49.5 - i)]);
        var slower = Trace([.. Enumerable.Range(0, 40).Select(i => 69.5 - i)]);

        Assert.Equal(new Convergence(30, 300, 30), Convergence.Of(faster, reference));
        Assert.Equal(40, Convergence.Of(reference, reference)!.Steps);
        Assert.Null(Convergence.Of(slower, reference));
    }

    [Fact]
    public void Curve_OfALongRun_HasItsLastStepAndFewPoints()
    {
        var curve = Curve.Of(7, Trace([.. Enumerable.Range(0, 950).Select(i => 1.0)]));

        Assert.Equal((7, 95, 950), (curve.Seed, curve.Steps.Count, curve.Steps[^1]));
        Assert.Equal((9500.0, 950.0, 1.0), (curve.Read[^1], curve.Seconds[^1], curve.Losses[^1]));
    }

    private static RunTrace Trace(double[] losses) =>
        new([.. losses.Select((loss, i) => new TracedStep(i + 1, loss, 10, 1))], [], "tokens");
}
