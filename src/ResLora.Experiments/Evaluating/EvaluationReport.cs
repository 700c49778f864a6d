using ResLora.Experiments.Workloads;
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

    /// <summary>
    /// Of pictures, the mean squared error in each band of timesteps, by name; empty for other tasks. The loss is then the mean over all.
    /// </summary>
    public IReadOnlyDictionary<string, double> Parts { get; init; } = new Dictionary<string, double>();

    /// <summary>How many samples got no answer because their prompt fills all of the model's positions.</summary>
    public int Unanswered { get; init; }

    /// <summary>How many texts were cut to the longest length.</summary>
    public int Truncated { get; init; }

    /// <summary>How many conversations lost their oldest turns to go into the longest length.</summary>
    public int CutAtTurns { get; init; }

    /// <summary>Where the chat template is from that samples were written with; null for none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>How many texts without a prompt were too long and were cut into windows, all of which count.</summary>
    public int CutIntoWindows { get; init; }

    /// <summary>
    /// The task's names of columns to those of the file that were taken for them, since it has none of the task's own; empty when nothing
    /// was guessed.
    /// </summary>
    public IReadOnlyDictionary<string, string> GuessedColumns { get; init; } = new Dictionary<string, string>();
}
