using ResLora.Experiments.Inspection;
using ResLora.Experiments.Inspection.Adapters;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what <c>reslora inspect</c> found.</summary>
internal static class InspectionView
{
    /// <summary>The JSON document.</summary>
    public static object Document(InspectionReport report) => new
    {
        report.Path,
        report.Kind,
        Facts = report.Facts.ToDictionary(),
        report.Parameters,
        report.ParametersByType,
        report.Bytes,
        report.LinearLayers,
        report.Blocks,
        report.Tensors,
        report.Notes,
    };

    /// <summary>Draws it.</summary>
    public static void Draw(InspectionReport report, bool withTensors, IAnsiConsole terminal)
    {
        terminal.Write(Tables.Facts(
        [
            new("kind", report.Kind),
            .. report.Facts,
            new("tensors", Tables.Count(report.Tensors.Count)),
            new("parameters", $"{Tables.Count(report.Parameters)} ({string.Join(", ", report.ParametersByType.Select(type => $"{type.Key} {Tables.Count(type.Value)}"))})"),
            new("size", ByteSize.Format(report.Bytes)),
        ]));
        if (report.LinearLayers.Count > 0)
        {
            DrawLinearLayers(report.LinearLayers, terminal);
        }

        if (report.Blocks.Count > 0)
        {
            DrawBlocks(report.Blocks, terminal);
        }

        if (withTensors || report.Kind == "safetensors")
        {
            DrawTensors(report.Tensors, terminal);
        }

        foreach (var note in report.Notes)
        {
            Tables.Sentence(terminal, note);
        }
    }

    private static void DrawLinearLayers(IReadOnlyList<LinearGroup> groups, IAnsiConsole terminal)
    {
        var table = Tables.Of("linear layers (targets)", "count>", "inputs>", "outputs>", "first");
        foreach (var group in groups)
        {
            table.Row(
                group.Suffix, Tables.Count(group.Modules.Count), Tables.Count(group.Inputs), Tables.Count(group.Outputs), group.Modules[0]);
        }

        terminal.Write(table);
    }

    private static void DrawBlocks(IReadOnlyList<BlockHealth> blocks, IAnsiConsole terminal)
    {
        var table = Tables.Of("blocks", "count>", "rank>", "effective rank>", "size of BA>", "dead>", "NaN or infinite>");
        foreach (var role in blocks.GroupBy(block => block.Role))
        {
            var alive = role.Where(block => block.EffectiveRank > 0).ToArray();
            table.Row(
                role.Key,
                Tables.Count(role.Count()),
                Range(role.Select(block => (double)block.Rank)),
                alive.Length == 0 ? "-" : Tables.Number(alive.Average(block => block.EffectiveRank)),
                alive.Length == 0 ? "-" : Tables.Number(alive.Average(block => block.Norm)),
                Tables.Count(role.Count(block => block.IsDead)),
                Tables.Count(role.Count(block => block.BadNumbers > 0)));
        }

        terminal.Write(table);
    }

    private static string Range(IEnumerable<double> values)
    {
        var (least, most) = (values.Min(), values.Max());
        return least == most ? Tables.Count((long)least) : $"{Tables.Count((long)least)} to {Tables.Count((long)most)}";
    }

    private static void DrawTensors(IReadOnlyList<InspectedTensor> tensors, IAnsiConsole terminal)
    {
        var table = Tables.Of("tensor", "type", "shape");
        foreach (var tensor in tensors)
        {
            table.Row(tensor.Name, tensor.DataType, $"[{string.Join(", ", tensor.Shape)}]");
        }

        terminal.Write(table);
    }
}
