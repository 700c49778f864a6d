namespace ResLora.Training.Loop;

/// <summary>Something that a run reports while it goes on.</summary>
/// <param name="Step">How many optimizer steps are done.</param>
public abstract record RunEvent(int Step);

/// <summary>An optimizer step is done.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="TotalSteps">How many there will be.</param>
/// <param name="Loss">The mean loss over the step's trained tokens, in nats.</param>
/// <param name="LearningRate">The learning rate of this step.</param>
/// <param name="Speed">How much is read in a second, in <see cref="SpeedUnit"/>; padding is not counted.</param>
/// <param name="GradientNorm">The norm of all gradients together, before clipping.</param>
/// <param name="Remaining">The time that the other steps will take at the mean speed so far, evaluations included.</param>
public sealed record StepDone(
    int Step, int TotalSteps, double Loss, double LearningRate, double Speed, double GradientNorm, TimeSpan Remaining) : RunEvent(Step)
{
    /// <summary>What the speed is told in, a plural. Default: tokens.</summary>
    public string SpeedUnit { get; init; } = "tokens";
}

/// <summary>An evaluation is done.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="Metrics">Results by name: <c>eval_loss</c>, <c>eval_perplexity</c> and what the task adds.</param>
/// <param name="IsBest">Whether it is the best one so far; what was trained is then saved as <c>best</c>.</param>
public sealed record EvaluationDone(int Step, IReadOnlyDictionary<string, double> Metrics, bool IsBest) : RunEvent(Step);

/// <summary>A checkpoint to resume from is on the disk.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="Path">Its folder.</param>
public sealed record CheckpointSaved(int Step, string Path) : RunEvent(Step);

/// <summary>Training stopped before its last step because it no longer improved.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="Reason">Why, as a sentence.</param>
public sealed record EarlyStopped(int Step, string Reason) : RunEvent(Step);

/// <summary>Something that the user should know.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="Text">A sentence.</param>
public sealed record Note(int Step, string Text) : RunEvent(Step);
