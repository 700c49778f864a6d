namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>A key that was varied.</summary>
/// <param name="Key">The dotted key.</param>
/// <param name="Name">What it is called in the names of points.</param>
/// <param name="Values">Its values as texts.</param>
public sealed record SweptKey(string Key, string Name, IReadOnlyList<string> Values);
