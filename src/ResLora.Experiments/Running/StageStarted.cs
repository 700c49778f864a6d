using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>The next part of a job of several parts begins.</summary>
/// <param name="Name">What it does.</param>
public sealed record StageStarted(string Name) : RunEvent(0);
