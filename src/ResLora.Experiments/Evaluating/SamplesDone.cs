using ResLora.Training.Loop;

namespace ResLora.Experiments.Evaluating;

/// <summary>Answers are generated.</summary>
/// <param name="Done">Samples answered so far.</param>
/// <param name="Total">All samples.</param>
public sealed record SamplesDone(int Done, int Total) : RunEvent(0);
