using ResLora.Training.Evaluation;

namespace ResLora.Experiments.Evaluating;

/// <summary>What an evaluation measured.</summary>
/// <param name="Task">The task.</param>
/// <param name="Samples">How many samples were read.</param>
/// <param name="Loss">The loss on the completions.</param>
/// <param name="LeftOut">How many samples were too long for the loss.</param>
/// <param name="ExactMatch">How many generated answers were right; null for a task without answers.</param>
public sealed record EvaluationReport(string Task, int Samples, EvaluationLoss Loss, int LeftOut, Score? ExactMatch)
{
    /// <summary>What a task with labels measures; null for tasks that generate. The loss is then the mean of a sample.</summary>
    public LabelScores? Labels { get; init; }

    /// <summary>How many texts were cut to the longest length.</summary>
    public int Truncated { get; init; }
}
