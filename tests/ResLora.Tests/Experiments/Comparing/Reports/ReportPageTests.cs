using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed class ReportPageTests
{
    [Fact]
    public void Markdown_OfAComparison_HasVerdictsTablesAndHowItWasMade()
    {
        var report = SampleReport.Make();

        var text = ComparisonPage.Of(report).Markdown();

        Assert.StartsWith("# sums: 2 arms, 2 seeds\n\n* " + report.Verdicts[0].Sentence, text, StringComparison.Ordinal);
        Assert.Contains("| lora | 0.5000 (0.2500 to 0.7500) | reference |", text, StringComparison.Ordinal);
        Assert.Contains("## Test loss", text, StringComparison.Ordinal);
        Assert.Contains("| lora | 0.8125 (0.5000 to 1.1250) | reference |", text, StringComparison.Ordinal);
        Assert.Contains("| lora | 30, never |", text, StringComparison.Ordinal);
        Assert.Contains("never: with that seed it did not come down so far.", text, StringComparison.Ordinal);
        Assert.Contains("* model (sha256): abc\n", text, StringComparison.Ordinal);
        Assert.Contains("```yaml\nmodel: base\n```", text, StringComparison.Ordinal);
        // What was not measured has no table.
        Assert.DoesNotContain("Forgetting", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Learning rates", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_OfVerdictsThatMeanNothing_SaysSoFirst()
    {
        var report = SampleReport.Make() with { Caveats = ["nothing was learnt"] };

        var text = ComparisonPage.Of(report).Markdown();

        Assert.StartsWith("# sums: 2 arms, 2 seeds\n\n* nothing was learnt.\n* ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.001, "| lora | 0.001, the lowest tried |")]
    [InlineData(0.004, "| lora | 0.004 |")]
    [InlineData(0.01, "| lora | 0.01, the highest tried |")]
    [InlineData(0.00016, "| lora | 0.00016 |")]
    [InlineData(0.00005, "| lora | 5e-5 |")]
    public void Markdown_AChosenRate_SaysWhetherItIsAtAnEdge(double chosen, string expected)
    {
        var report = SampleReport.Make();
        TriedRate[] tried = [new(0.001, 3), new(0.004, 2), new(0.01, 1)];
        report = report with { Arms = [report.Arms[0] with { LearningRate = chosen, Tried = tried }, report.Arms[1]] };

        var text = ComparisonPage.Of(report).Markdown();

        Assert.Contains(expected, text, StringComparison.Ordinal);
    }
}
