using ResLora.Training.Probing;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>A number of each layer and step, for a picture.</summary>
/// <param name="Key">The picture's name.</param>
/// <param name="Title">What it is, with its unit.</param>
/// <param name="Of">Its value for the blocks of a layer; null for none.</param>
/// <param name="IsLogarithmic">Whether its logarithm is shown.</param>
internal sealed record Quantity(string Key, string Title, Func<IReadOnlyList<BlockFigures>, double?> Of, bool IsLogarithmic = false)
{
    /// <summary>All, in the order in which they are told.</summary>
    public static IReadOnlyList<Quantity> All { get; } =
    [
        new("gradient-a", "norm of the gradient of A (log10)", blocks => Norm(blocks, probe => probe.GradientA), IsLogarithmic: true),
        new("gradient-b", "norm of the gradient of B (log10)", blocks => Norm(blocks, probe => probe.GradientB), IsLogarithmic: true),
        new("shortcut-a", "gradient of A: shortcut's term / own term (ratio of norms)", blocks => Ratio(blocks, probe => probe.GradientA)),
        new("shortcut-b", "gradient of B: shortcut's term / own term (ratio of norms)", blocks => Ratio(blocks, probe => probe.GradientB)),
        new(
            "input-paths",
            "gradient of inputs: through shortcuts / through the base model (ratio of norms)",
            blocks => Ratio(blocks, probe => probe.Input)),
        new("forward", "update: shortcut's part / the block's own (ratio of norms)", blocks => Ratio(blocks, probe => probe.Forward)),
        new(
            "forward-cosine",
            "update: cosine between the shortcut's part and the block's own",
            blocks => Mean(blocks, block => block.Probe.Forward.Cosine)),
        new("update", "size of the block's update s B A / size of W (ratio of norms)", Share),
        new("effective-rank", "effective rank of the block's update", blocks => Mean(blocks, block => block.EffectiveRank)),
        new("alpha-projection", "alpha* of the merge by projection", blocks => Mean(blocks, block => block.Probe.AlphaByProjection)),
        new("alpha-inputs", "alpha* of the merge by inputs", blocks => Mean(blocks, block => block.Probe.AlphaByInputs)),
        new("alpha-weights", "alpha* of the merge by weights", blocks => Mean(blocks, block => block.AlphaByWeights)),
    ];

    /// <summary>The value as it is shown: its logarithm where that is; not a number for none.</summary>
    /// <param name="blocks">The blocks of a layer at a step.</param>
    public double Shown(IReadOnlyList<BlockFigures> blocks) => Of(blocks) switch
    {
        null => double.NaN,
        { } value when IsLogarithmic => value > 0 ? Math.Log10(value) : double.NaN,
        { } value => value,
    };

    private static double? Norm(IReadOnlyList<BlockFigures> blocks, Func<BlockProbe, SplitNorms> of) =>
        LayerFigures.Together(blocks, block => of(block.Probe).Whole);

    /// <summary>Of those blocks that have both parts; null where shortcuts add nothing.</summary>
    private static double? Ratio(IReadOnlyList<BlockFigures> blocks, Func<BlockProbe, SplitNorms?> of)
    {
        BlockFigures[] split = [.. blocks.Where(block => of(block.Probe) is { Cosine: not null })];
        double Size(Func<SplitNorms, double> part) => LayerFigures.Together(split, block => part(of(block.Probe)!));
        return split.Length == 0 ? null : Size(norms => norms.Shortcut) / Size(norms => norms.Own);
    }

    private static double? Share(IReadOnlyList<BlockFigures> blocks) =>
        LayerFigures.Together(blocks, block => block.Weight) is > 0 and var weight
            ? LayerFigures.Together(blocks, block => block.Update) / weight
            : null;

    private static double? Mean(IReadOnlyList<BlockFigures> blocks, Func<BlockFigures, double?> of) => blocks.Average(of);
}
