namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A cell of a table.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Value">The number by which rows are sorted; null for texts and for nothing.</param>
public sealed record ReportCell(string Text, double? Value = null);
