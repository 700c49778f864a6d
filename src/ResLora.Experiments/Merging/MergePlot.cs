using System.Globalization;
using ResLora.Adapters;
using ResLora.Experiments.Plots;
using ScottPlot;

namespace ResLora.Experiments.Merging;

/// <summary>Draws what a merge changes in each layer.</summary>
internal static class MergePlot
{
    /// <summary>Writes a PNG: a line for every projection, the chosen method drawn through, the control broken.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="report">The merge; its chosen method has measured layers.</param>
    public static void Write(string path, MergeReport report)
    {
        using var plot = new Plot();
        var chosen = Lines(report.Chosen).ToArray();
        Draw(plot, chosen, report.Method, LinePattern.Solid, MarkerShape.FilledCircle);
        if (report.Dropped is { Modules.Count: > 0 } dropped && dropped.Method != report.Method)
        {
            Draw(plot, Lines(dropped), dropped.Method, LinePattern.Dashed, MarkerShape.OpenSquare);
        }

        var loss = report.Loss;
        var title = string.Create(
            CultureInfo.InvariantCulture,
            $"Merge by {report.Method}: loss {loss.LossUnmerged:0.0000} unmerged, {loss.LossMerged:0.0000} merged\ndivergence {loss.MeanKl:0.0000} {loss.DivergenceUnit}{(loss.IsOfValues ? "" : $", same first choice {loss.TopOneAgreement.ToString("0.0 %", CultureInfo.InvariantCulture)}")}");
        Picture.Write(plot, path, title, "block of the chain", "error of the layer's update (relative)");
    }

    private static IEnumerable<(string Name, double[] Errors)> Lines(MergeOutcome outcome)
    {
        var errors = outcome.Modules.ToDictionary(m => m.Module, m => m.Update, StringComparer.Ordinal);
        var (chains, _) = ShortcutChain.Build(
            errors.Keys.Select(name => new ChainLink(name, 0, 0)), [.. outcome.Modules.Select(m => m.Module)]);
        return chains.Select(chain => (chain.Name, chain.Blocks.Select(block => errors[block]).ToArray()));
    }

    private static void Draw(
        Plot plot, IEnumerable<(string Name, double[] Errors)> lines, string method, LinePattern pattern, MarkerShape marker)
    {
        foreach (var (index, (name, errors)) in lines.Index())
        {
            double[] blocks = [.. Enumerable.Range(0, errors.Length).Select(n => (double)n)];
            var line = plot.Add.Scatter(blocks, errors, Picture.ColorOf(index));
            line.LineWidth = 3;
            line.LinePattern = pattern;
            line.MarkerShape = marker;
            line.MarkerSize = 10;
            line.LegendText = $"{name}, {method}";
        }
    }
}
