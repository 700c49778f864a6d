using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>How the metric answers to a key's values where all else stays.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Figures">A figure for each of the key's values; null where no point was trained to the end.</param>
/// <param name="IsCut">For each of the values whether the point was left behind, so that its end is not known.</param>
internal sealed record ResponseLine(string Name, IReadOnlyList<Figure?> Figures, IReadOnlyList<bool> IsCut);
