namespace ResLora.Experiments.Comparing;

/// <summary>How well a model does on the test data.</summary>
/// <param name="Score">The score that arms are judged by.</param>
/// <param name="Loss">The mean loss of a sample.</param>
/// <param name="Metrics">All that the task measures, by name.</param>
/// <param name="Items">What it did on every sample.</param>
internal sealed record TestScore(double Score, double Loss, IReadOnlyDictionary<string, double> Metrics, TestItems Items);
