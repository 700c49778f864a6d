using ResLora.Formats;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads;

/// <summary>The examples that a merge is calibrated on, or that its loss is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Objective">What the network is for.</param>
/// <param name="Examples">The examples, at least one.</param>
internal sealed record MeasuredExamples(string Source, Objective Objective, IReadOnlyList<IExample> Examples)
{
    /// <summary>Texts as a tokenizer is given them: the part before the model goes on; the whole text where there is none.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Has the network answer what they ask; null where there are no answers to compare with.</summary>
    public Func<CancellationToken, Score>? Answer { get; init; }
}
