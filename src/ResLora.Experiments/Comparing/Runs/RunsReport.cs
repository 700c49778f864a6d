namespace ResLora.Experiments.Comparing.Runs;

/// <summary>Finished runs side by side.</summary>
/// <param name="Runs">The runs, in the order that they were named in.</param>
/// <param name="Notes">What keeps them from being compared fairly, a sentence each.</param>
public sealed record RunsReport(IReadOnlyList<RunSummary> Runs, IReadOnlyList<string> Notes);
