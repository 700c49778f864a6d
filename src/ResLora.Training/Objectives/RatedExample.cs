namespace ResLora.Training.Objectives;

/// <summary>What a network said of an example whose label or score is known.</summary>
/// <param name="Place">The example's place among those that were measured, from 0.</param>
/// <param name="Target">The right label's number, or the right score.</param>
/// <param name="Outputs">[N], the network's scores of the labels before softmax; the one value for a score.</param>
public sealed record RatedExample(int Place, double Target, IReadOnlyList<float> Outputs);
