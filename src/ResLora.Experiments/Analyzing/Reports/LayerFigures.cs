using System.Globalization;
using ResLora.Formats;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>The blocks of one layer at one step.</summary>
/// <param name="Label">The layer's number, or the name of a module that belongs to none.</param>
/// <param name="Blocks">Its blocks.</param>
internal sealed record LayerFigures(string Label, IReadOnlyList<BlockFigures> Blocks)
{
    /// <summary>The layers of a step, first to last; modules without a number come after them.</summary>
    /// <param name="step">The step.</param>
    public static IReadOnlyList<LayerFigures> Of(StepFigures step) =>
    [
        .. step.Blocks
            .GroupBy(block => LayerRole.NumberOf(block.Module)?.ToString(CultureInfo.InvariantCulture) ?? block.Module)
            .OrderBy(layer => LayerRole.NumberOf(layer.First().Module) ?? int.MaxValue)
            .Select(layer => new LayerFigures(layer.Key, [.. layer])),
    ];

    /// <summary>√Σ of the squares of what is taken of each block: the norm of all of it together.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="of">What is taken.</param>
    public static double Together(IEnumerable<BlockFigures> blocks, Func<BlockFigures, double> of) =>
        Math.Sqrt(blocks.Sum(block => of(block) * of(block)));
}
