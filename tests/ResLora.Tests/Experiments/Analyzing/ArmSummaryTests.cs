using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Analyzing.Reports;
using ResLora.Training.Probing;
using Xunit;

namespace ResLora.Tests.Experiments.Analyzing;

public sealed class ArmSummaryTests
{
    private const double Exact = 1e-12;

    [Fact]
    public void Of_TwoLayers_ComparesTheirGradientsAndTakesMedians()
    {
        StepFigures[] steps =
        [
            Step(0, 2.0, Block(0, 100, 0), Block(1, 1, 0)),
            Step(5, 1.0, Block(0, 3, 6, alpha: 0.2), Block(1, 4, 4, alpha: 0.4)),
            Step(9, 0.5, Block(0, 4, 2, alpha: 0.6), Block(1, 12, 3, alpha: 1.0)),
        ];

        var summary = ArmSummary.Of(steps);

        Assert.Equal((2.0, 0.5), (summary.FirstLoss, summary.LastLoss));
        // Of A alone: B's is 0. Own and shortcut at right angles: √(3² + 6²) / √(4² + 4²) and √(4² + 2²) / √(12² + 3²).
        Assert.Equal(Math.Sqrt(Math.Sqrt(45.0 / 32) * Math.Sqrt(20.0 / 153)), summary.EarlyOverLate!.Value, Exact);
        Assert.Equal((0.5 + 1) / 2, summary.ShortcutOfA!.Value, Exact);   // of 0.25, 0.5, 1 and 2
        Assert.Null(summary.ShortcutOfB);
        Assert.Equal(0.3, summary.FirstAlpha!.Value, Exact);
        Assert.Equal(0.8, summary.LastAlpha!.Value, Exact);
        Assert.Equal(Math.Sqrt(2 * 9.0) / Math.Sqrt(2 * 16.0), summary.Update, Exact);
    }

    [Fact]
    public void Of_OneLayer_HasNoEarlyAndLateOnes() =>
        Assert.Null(ArmSummary.Of([Step(0, 2, Block(0, 1, 1)), Step(1, 1, Block(0, 1, 1))]).EarlyOverLate);

    [Fact]
    public void Findings_AnArmWhoseEarlyLayersGetMore_SaysSoWithItsBoundAndOneSeed()
    {
        ArmAnalysis lora = Arm("lora", 1), input = Arm("input", 1.3);

        var findings = AnalysisFindings.Of([lora, input], 7, 8, "nats a token").ToArray();

        const string expected = "In input it is 1.30 times, 1.30 times as much as in lora: early layers get more (more from 1.25 up";
        Assert.Contains(findings, text => text.StartsWith(expected, StringComparison.Ordinal));
        Assert.Contains("This is one seed (7) and 8 samples", findings[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.2, "about the same")]
    [InlineData(0.8, "early layers get less")]
    public void Findings_OtherRatios_HaveTheirWord(double ratio, string expected) => Assert.Contains(
        AnalysisFindings.Of([Arm("lora", 1), Arm("block", ratio)], 1, 8, "nats"),
        text => text.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData(0.95, "much as a larger alpha would")]
    [InlineData(0.7, "partly as a larger alpha would")]
    [InlineData(0.1, "in a direction of its own")]
    [InlineData(-0.7, "partly as a smaller alpha would")]
    [InlineData(-0.95, "much as a smaller alpha would")]
    public void Findings_TheDirectionOfWhatIsAdded_HasItsWord(double cosine, string expected)
    {
        var arm = Arm("block", 1);

        var findings = AnalysisFindings.Of([arm with { Summary = arm.Summary with { Added = 1, AddedCosine = cosine } }], 1, 8, "nats");

        Assert.Contains(findings, text => text.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Quantities_OfALayer_AreThoseOfItsBlocksTogether()
    {
        BlockFigures[] blocks = [Block(0, 3, 4), Block(0, 0, 12)];

        var shown = Quantity.All.ToDictionary(quantity => quantity.Key, quantity => quantity.Shown(blocks));

        Assert.Equal(Math.Log10(13), shown["gradient-a"], Exact);   // √(3² + 4² + 12²)
        Assert.Equal(double.NaN, shown["gradient-b"]);
        Assert.Equal(4.0 / 3, shown["shortcut-a"], Exact);          // the block without own term has no ratio
        Assert.Equal(double.NaN, shown["input-paths"]);
        Assert.Equal(0.75, shown["update"], Exact);
        Assert.Equal(2, shown["effective-rank"], Exact);
    }

    [Fact]
    public void Layers_OfAStep_StandInTheOrderOfTheirNumbers()
    {
        var step = Step(0, 1, Block(10, 1, 0), Block(2, 1, 0), Block(2, 1, 0), Block(1, 1, 0, module: "lm_head"));

        var layers = LayerFigures.Of(step);

        Assert.Equal(["2", "10", "lm_head"], layers.Select(layer => layer.Label));
        Assert.Equal([2, 1, 1], layers.Select(layer => layer.Blocks.Count));
    }

    private static ArmAnalysis Arm(string name, double early)
    {
        StepFigures[] steps = [Step(0, 2, Block(0, early, 0), Block(1, 1, 0)), Step(4, 1, Block(0, early, 0), Block(1, 1, 0))];
        return new ArmAnalysis(name, [], 1, ArmSummary.Of(steps), steps);
    }

    private static StepFigures Step(int step, double loss, params BlockFigures[] blocks) => new(step, 1, loss, blocks);

    private static BlockFigures Block(int layer, double own, double shortcut, double? alpha = null, string? module = null)
    {
        var none = new SplitNorms(0, 0, null);
        var ofA = new SplitNorms(own, shortcut, own > 0 && shortcut > 0 ? 0 : null);
        return new BlockFigures(
            new BlockProbe(module ?? $"layers.{layer}.q", ofA, none, 0, null, none, alpha, null),
            Update: 3,
            Weight: 4,
            EffectiveRank: 2,
            null);
    }
}
