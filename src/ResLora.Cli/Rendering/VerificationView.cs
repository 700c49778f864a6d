using System.Globalization;
using ResLora.Experiments.Verification;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what <c>reslora verify</c> found.</summary>
internal static class VerificationView
{
    /// <summary>The JSON document: every quantity by its name.</summary>
    public static object Document(VerificationReport report, bool passed) => new
    {
        Passed = passed,
        Cases = report.Cases.Select(c => new
        {
            c.Name,
            c.Kind,
            c.Status,
            WorstQuantity = c.Worst?.Name,
            c.Worst?.Difference,
            c.Worst?.Tolerance,
            c.Quantities,
            c.Message,
        }),
    };

    /// <summary>One line: status, case, worst quantity, difference and tolerance.</summary>
    public static void DrawCase(CaseReport report, IAnsiConsole terminal)
    {
        var status = report.Status switch
        {
            CaseStatus.Passed => "passed",
            CaseStatus.Failed => "FAILED",
            _ => "unsupported",
        };
        var worst = report.Worst is { } quantity
            ? string.Create(CultureInfo.InvariantCulture, $"  worst {quantity.Name}: {quantity.Difference:0.0e+0} (tolerance {quantity.Tolerance:0.0e+0}; {report.Quantities.Count} compared)")
            : "";
        var message = report.Message is null
            ? ""
            : $"  {string.Join(' ', report.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}";
        Tables.Line(terminal, $"{status,-12}{report.Name}{worst}{message}");
    }

    /// <summary>The last line.</summary>
    public static void DrawSummary(VerificationReport report, IAnsiConsole terminal)
    {
        int Count(CaseStatus status) => report.Cases.Count(c => c.Status == status);
        Tables.Line(terminal, $"{report.Cases.Count} cases: {Count(CaseStatus.Passed)} passed, {Count(CaseStatus.Failed)} failed, {Count(CaseStatus.Unsupported)} unsupported.");
    }
}
