using ResLora.Formats;

namespace ResLora.Experiments.Workloads;

/// <summary>A run's data as a network takes it.</summary>
/// <param name="Train">The training examples, those that cannot be used left out.</param>
/// <param name="Validation">The validation examples; may be empty.</param>
internal sealed record EncodedData(ExampleSet Train, IReadOnlyList<IExample> Validation);
