namespace ResLora.Experiments.Comparing;

/// <summary>A learning rate that an arm tried.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="Value">What the validation data gave for <c>training.bestMetric</c> at the end; not a number where the loss became
/// none.</param>
public sealed record TriedRate(double LearningRate, double Value);
