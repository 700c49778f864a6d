namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A figure that a repetition does not agree in.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Figure">The figure's name.</param>
/// <param name="Seed">The seed; null for what is one for all.</param>
/// <param name="Expected">What the earlier report has, in words.</param>
/// <param name="Found">What this one has, in words.</param>
/// <param name="By">The difference; null where one of them is no number.</param>
public sealed record ReportDifference(string Arm, string Figure, long? Seed, string Expected, string Found, double? By);
