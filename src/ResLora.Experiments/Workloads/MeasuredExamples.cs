using ResLora.Formats;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads;

/// <summary>The examples that a merge is calibrated on, or that its loss is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Objective">What the network is for.</param>
/// <param name="Examples">The examples, at least one.</param>
internal sealed record MeasuredExamples(string Source, Objective Objective, IReadOnlyList<IExample> Examples)
{
    /// <summary>Where nothing says what is right, what the unmerged network says is.</summary>
    /// <param name="source">Where the examples are from.</param>
    /// <param name="objective">What the network is for.</param>
    /// <param name="examples">Examples without labels.</param>
    /// <param name="labelled">Gives an example its label or score.</param>
    public static MeasuredExamples LabelledByModel<T>(
        string source, LabelObjective objective, IReadOnlyList<T> examples, Func<T, double, T> labelled)
        where T : class, IExample
    {
        const int batchSize = 16;
        var said = objective.Predict(examples, batchSize);
        return new MeasuredExamples(
            $"{source}, labelled by the unmerged model",
            objective,
            [.. examples.Zip(said, (example, scores) => labelled(example, objective.PredictsValues ? scores[0] : LabelScores.Highest(scores)))]);
    }

    /// <summary>Texts as a tokenizer is given them: the part before the model goes on; the whole text where there is none.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Has the network answer what they ask; null where there are no answers to compare with.</summary>
    public Func<CancellationToken, Score>? Answer { get; init; }
}
