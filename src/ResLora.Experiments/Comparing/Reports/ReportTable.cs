namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A table of a report, however it is drawn.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Note">What there is to say of it; empty for nothing.</param>
/// <param name="Columns">The heads; the first column names the arm.</param>
/// <param name="Rows">A cell for each column.</param>
public sealed record ReportTable(string Title, string Note, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<ReportCell>> Rows);
