using ResLora.Experiments.Inspection;
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
            table.Row(group.Suffix, Tables.Count(group.Modules.Count), Tables.Count(group.Inputs), Tables.Count(group.Outputs), group.Modules[0]);
        }

        terminal.Write(table);
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
