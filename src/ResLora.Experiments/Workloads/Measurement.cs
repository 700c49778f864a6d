using ResLora.Training.Evaluation;
using ResLora.Training.Generation;

namespace ResLora.Experiments.Workloads;

/// <summary>What was measured of a network on a task.</summary>
/// <param name="Samples">How many samples there were.</param>
/// <param name="Loss">The mean loss.</param>
internal sealed record Measurement(int Samples, EvaluationLoss Loss)
{
    /// <summary>The loss of each part of the samples, by name; empty where there are no parts. With them the loss is no
    /// likelihood.</summary>
    public IReadOnlyDictionary<string, double> Parts { get; init; } = new Dictionary<string, double>();

    /// <summary>What was answered; null for a task without answers.</summary>
    public ExactMatchResult? Answers { get; init; }

    /// <summary>What a task with labels measures; null for other tasks.</summary>
    public LabelScores? Labels { get; init; }

    /// <summary>What was said of every sample with a label or score; empty for other tasks.</summary>
    public IReadOnlyList<RatedSample> Rated { get; init; } = [];

    /// <summary>The labels in the order of the outputs; null for scores and for other tasks.</summary>
    public IReadOnlyList<string>? LabelNames { get; init; }

    /// <summary>Samples that were too long for the loss.</summary>
    public int TooLong { get; init; }

    /// <summary>Samples cut to the longest length.</summary>
    public int Truncated { get; init; }

    /// <summary>Conversations that lost their oldest turns to go into the longest length.</summary>
    public int CutAtTurns { get; init; }

    /// <summary>Where the chat template is from that samples were written with; null for none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Texts that were cut into windows, all of which count.</summary>
    public int CutIntoWindows { get; init; }
}
