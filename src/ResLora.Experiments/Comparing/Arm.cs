using ResLora.Experiments.Running;

namespace ResLora.Experiments.Comparing;

/// <summary>An arm whose settings are known.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Assignments">What it sets, <c>key=value</c> each.</param>
/// <param name="LearningRates">The learning rates to choose from; empty for that of its settings.</param>
/// <param name="Run">Its settings, without a folder, a seed of their own or a chosen rate.</param>
public sealed record Arm(string Name, IReadOnlyList<string> Assignments, IReadOnlyList<double> LearningRates, RunConfig Run);
