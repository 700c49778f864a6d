using System.Globalization;
using ResLora.Benchmarks.Measuring;
using ResLora.Cli.Rendering;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Benchmarks.Reporting;

/// <summary>Draws a run for a person.</summary>
internal static class ReportView
{
    /// <summary>Draws the machine, the tables, the ratios and the notes.</summary>
    public static void Draw(BenchmarkReport report, IAnsiConsole terminal)
    {
        Tables.Sentence(terminal, report.Question);
        terminal.Write(Tables.Facts(Facts(report)));
        foreach (var table in report.Findings.Tables)
        {
            terminal.Write(Draw(table));
        }

        if (report.Findings.Ratios.Count > 0)
        {
            terminal.Write(Draw(report.Findings.Ratios));
        }

        foreach (var note in report.Findings.Notes)
        {
            Tables.Sentence(terminal, note);
        }
    }

    private static TextTable Draw(ReportTable table)
    {
        var figures = table.Rows.SelectMany(row => row.Measures).Select(measure => measure.Figure).Distinct().ToArray();
        var hasSpread = table.Rows.Any(row => row.Measures[0].Value.Values.Count > 1);
        string[] Cells(Func<Figure, string> text, string quartiles) =>
            [.. figures.Take(1).Select(text), .. hasSpread ? new[] { quartiles } : [], .. figures.Skip(1).Select(text)];
        var drawn = Tables.Of([table.Name, .. Cells(f => f.Heading + ">", "quartiles>")]);
        foreach (var row in table.Rows)
        {
            string Median(Figure figure) =>
                row.Measures.FirstOrDefault(m => m.Figure == figure) is { } measure ? Text(measure.Value.Median, figure) : "";
            drawn.Row([row.Name, .. Cells(Median, Quartiles(row.Measures[0].Value, row.Measures[0].Figure))]);
        }

        return drawn;
    }

    private static TextTable Draw(IReadOnlyList<Ratio> ratios)
    {
        var format = new Figure("", "", "0.000");
        var drawn = Tables.Of("ratio", "figure", "median>", "quartiles>");
        foreach (var ratio in ratios)
        {
            drawn.Row($"{ratio.Of} / {ratio.Over}", ratio.Figure.Heading, Text(ratio.Value.Median, format), Quartiles(ratio.Value, format));
        }

        return drawn;
    }

    private static string Quartiles(Spread spread, Figure figure) =>
        spread.Values.Count == 1 ? "" : $"{Text(spread.LowerQuartile, figure)} to {Text(spread.UpperQuartile, figure)}";

    private static string Text(double value, Figure figure) => value.ToString(figure.Format, CultureInfo.InvariantCulture);

    private static IEnumerable<KeyValuePair<string, string>> Facts(BenchmarkReport report)
    {
        var machine = report.Machine;
        yield return new("processor", $"{machine.Processor ?? "unknown"}, {machine.Cores} cores, {string.Join(" ", machine.Instructions)}");
        yield return new("memory", ByteSize.Format(machine.MemoryBytes));
        yield return new(
            "software", $"{machine.OperatingSystem}, {machine.Runtime}, libtorch {machine.Libtorch}, {machine.Threads} threads");
        if (machine.LoadBefore is { } load)
        {
            yield return new("load before", load.ToString("0.00", CultureInfo.InvariantCulture));
        }

        if (machine.Commit is { } commit)
        {
            yield return new("commit", commit);
        }

        if (!machine.IsOptimized)
        {
            yield return new("build", "Debug: run with -c Release for numbers that count");
        }

        yield return new("rounds", report.Findings.WarmUpRounds == 0 ? $"{report.Rounds}" : $"{report.Rounds}, after one that warms up");
        foreach (var (name, value) in report.Findings.Settings)
        {
            yield return new(name, Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }
    }
}
