using ResLora.Formats;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads;

/// <summary>Examples that predictions are wanted of, with what predicts.</summary>
/// <param name="Objective">What predicts.</param>
/// <param name="Labels">The labels in the order of the outputs; null for a score.</param>
/// <param name="Examples">The examples, read as they are asked for.</param>
internal sealed record PredictionInputs(LabelObjective Objective, IReadOnlyList<string>? Labels, IEnumerable<PredictionInput> Examples);

/// <summary>An example that a prediction is wanted of.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Example">The example.</param>
/// <param name="File">What the data set calls it; null for a text.</param>
internal sealed record PredictionInput(long Index, IExample Example, string? File = null);
