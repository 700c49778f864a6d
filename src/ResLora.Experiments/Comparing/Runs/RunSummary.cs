namespace ResLora.Experiments.Comparing.Runs;

/// <summary>A finished run, by what its folder holds.</summary>
/// <param name="Run">The folder.</param>
/// <param name="Task">The task.</param>
/// <param name="Adapter">What was trained, in words.</param>
/// <param name="LearningRate">The highest learning rate.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Steps">Optimizer steps done.</param>
/// <param name="TrainLoss">The training loss, a mean over the last twentieth of the run.</param>
/// <param name="Metrics">What its last evaluation measured, by name; empty without validation data.</param>
/// <param name="Read">How much it read, in <paramref name="Unit"/>.</param>
/// <param name="Unit">What it counts what it reads in, a plural.</param>
/// <param name="Seconds">How long its steps took, evaluations not counted.</param>
/// <param name="FileBytes">The size of the saved weights, in bytes.</param>
public sealed record RunSummary(
    string Run, string Task, string Adapter, double LearningRate, long Seed, int Steps, double TrainLoss, IReadOnlyDictionary<string, double> Metrics,
    double Read, string Unit, double Seconds, long FileBytes);
