using ResLora.Experiments.Comparing.Reports;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows a table of a report.</summary>
internal static class ReportTableView
{
    /// <summary>Draws the table and what it says below it; nothing where it has no rows.</summary>
    /// <param name="shown">The table.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="mostRows">How many rows are drawn; the rest is counted. Default all.</param>
    public static void Draw(ReportTable shown, IAnsiConsole terminal, int mostRows = int.MaxValue)
    {
        if (shown.Rows.Count == 0)
        {
            return;
        }

        // Words stand left, numbers right.
        var table = Tables.Of([.. shown.Columns.Select((name, i) => i == 0 || name is "verdict" or "why" ? name : name + ">")]);
        foreach (var row in shown.Rows.Take(mostRows))
        {
            table.Row(row.Select(cell => cell.Text));
        }

        terminal.Write(table);
        var more = shown.Rows.Count > mostRows ? $" {shown.Rows.Count - mostRows} more are in the report." : "";
        Tables.Sentence(terminal, shown.Note + more);
    }
}
