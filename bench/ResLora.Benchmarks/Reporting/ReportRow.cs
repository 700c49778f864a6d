using ResLora.Benchmarks.Measuring;

namespace ResLora.Benchmarks.Reporting;

/// <summary>One number of a case, over all rounds.</summary>
/// <param name="Figure">What it is.</param>
/// <param name="Value">The numbers.</param>
internal sealed record Measure(Figure Figure, Spread Value);

/// <summary>The results of one case.</summary>
/// <param name="Name">The case.</param>
/// <param name="Measures">Its numbers, one or more; the first is the one that the table shows the spread of.</param>
internal sealed record ReportRow(string Name, params IReadOnlyList<Measure> Measures);

/// <summary>Cases with the same kinds of numbers.</summary>
/// <param name="Name">What they are about; one word, a key in JSON.</param>
/// <param name="Rows">The cases.</param>
internal sealed record ReportTable(string Name, IReadOnlyList<ReportRow> Rows);

/// <summary>One case over another, round by round.</summary>
/// <param name="Of">The case above the line.</param>
/// <param name="Over">The case below it.</param>
/// <param name="Figure">What was divided.</param>
/// <param name="Value">The ratio of each round.</param>
internal sealed record Ratio(string Of, string Over, Figure Figure, Spread Value);
