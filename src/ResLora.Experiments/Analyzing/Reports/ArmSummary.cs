using ResLora.Training.Probing;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>
/// The figures of an arm's whole run. Medians are over blocks and all steps but the first, at which B is 0 and with it all gradients of A;
/// null where there is nothing.
/// </summary>
/// <param name="FirstLoss">The loss of the samples before training.</param>
/// <param name="LastLoss">Their loss at the last step that was measured.</param>
/// <param name="EarlyOverLate">
/// The norm of the gradients of A and B in the first half of the layers over that in the second half: geometric mean over steps.
/// </param>
/// <param name="ShortcutOfA">Gradient of A: the shortcut's term over the own one, median.</param>
/// <param name="ShortcutOfB">The same of B.</param>
/// <param name="StraightOverBase">
/// Gradient of x_n: straight through shortcuts of all chains over through the base model, median over inputs.
/// </param>
/// <param name="StraightCosine">The cosine between the two, median.</param>
/// <param name="Added">Δh_n: what the shortcut adds over the block's own, median.</param>
/// <param name="AddedCosine">The cosine between the two, median.</param>
/// <param name="Update">‖s B A‖ over ‖W‖, of all blocks together, at the last step.</param>
/// <param name="EffectiveRank">The mean effective rank at the last step.</param>
/// <param name="FirstAlpha">The median α* by projection at the first step after the start.</param>
/// <param name="LastAlpha">The median α* by projection at the last step.</param>
/// <param name="LastAlphaByInputs">The median α* by inputs at the last step.</param>
/// <param name="Deviation">The largest deviation of the split by hand from automatic differentiation.</param>
public sealed record ArmSummary(
    double FirstLoss, double LastLoss, double? EarlyOverLate, double? ShortcutOfA, double? ShortcutOfB, double? StraightOverBase,
    double? StraightCosine, double? Added, double? AddedCosine, double Update, double EffectiveRank, double? FirstAlpha, double? LastAlpha,
    double? LastAlphaByInputs, double Deviation)
{
    /// <summary>Works the figures out.</summary>
    /// <param name="steps">The measurements, in the order of steps.</param>
    internal static ArmSummary Of(IReadOnlyList<StepFigures> steps)
    {
        var later = steps.Where(step => step.Step > 0).ToArray();
        var probes = later.SelectMany(step => step.Blocks).Select(block => block.Probe).ToArray();
        var last = steps[^1].Blocks;
        double? MedianOf(Func<BlockProbe, double?> of) => Median(probes.Select(of));
        double? Ratio(Func<BlockProbe, SplitNorms?> of) => MedianOf(probe => of(probe) is { Cosine: not null } split ? split.Ratio : null);
        return new ArmSummary(
            steps[0].Loss,
            steps[^1].Loss,
            GeometricMean([.. later.Select(EarlyOver).OfType<double>()]),
            Ratio(probe => probe.GradientA),
            Ratio(probe => probe.GradientB),
            Ratio(probe => probe.Input),
            MedianOf(probe => probe.Input?.Cosine),
            Ratio(probe => probe.Forward),
            MedianOf(probe => probe.Forward.Cosine),
            LayerFigures.Together(last, block => block.Update) / LayerFigures.Together(last, block => block.Weight),
            last.Average(block => block.EffectiveRank),
            later.Length == 0 ? null : Median(later[0].Blocks.Select(block => block.Probe.AlphaByProjection)),
            Median(last.Select(block => block.Probe.AlphaByProjection)),
            Median(last.Select(block => block.Probe.AlphaByInputs)),
            steps.Max(step => step.Blocks.Max(block => block.Probe.Deviation)));
    }

    /// <summary>Of an odd number of layers the middle one is in neither half.</summary>
    private static double? EarlyOver(StepFigures step)
    {
        var layers = LayerFigures.Of(step);
        var half = layers.Count / 2;
        double Size(IEnumerable<LayerFigures> some) => LayerFigures.Together(
            some.SelectMany(layer => layer.Blocks), block => Math.Sqrt(Square(block.Probe.GradientA) + Square(block.Probe.GradientB)));
        return half > 0 && Size(layers.TakeLast(half)) is > 0 and var late ? Size(layers.Take(half)) / late : null;
    }

    private static double Square(SplitNorms norms) => norms.Whole * norms.Whole;

    private static double? GeometricMean(double[] values) =>
        values.Length == 0 || values.Any(value => value <= 0) ? null : Math.Exp(values.Average(Math.Log));

    private static double? Median(IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
