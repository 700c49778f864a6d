namespace ResLora.Experiments.Evaluating;

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">Samples answered.</param>
/// <param name="Total">All samples.</param>
public sealed record SamplesDone(int Done, int Total);
