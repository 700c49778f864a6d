using ResLora.Experiments.Running;

namespace ResLora.Experiments.Sweeping;

/// <summary>A point of a sweep: a value for each key that is varied.</summary>
/// <param name="Name">What it is called, such as <c>rank=8, previousCount=all</c>.</param>
/// <param name="Folder">The name of its folder.</param>
/// <param name="Values">Its values as texts, in the order of the keys.</param>
/// <param name="Run">Its settings, without a folder and a seed of their own.</param>
public sealed record SweepPoint(string Name, string Folder, IReadOnlyList<string> Values, RunConfig Run);
