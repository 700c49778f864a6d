using ResLora.Formats;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads;

/// <summary>Examples that predictions are wanted of, with what predicts.</summary>
/// <param name="Objective">What predicts.</param>
/// <param name="Labels">The labels in the order of the outputs; null for a score.</param>
/// <param name="Examples">The examples with their numbers, read as they are asked for.</param>
internal sealed record PredictionInputs(LabelObjective Objective, IReadOnlyList<string>? Labels, IEnumerable<KeyValuePair<long, IExample>> Examples);
