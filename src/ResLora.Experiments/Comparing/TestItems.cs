using System.Text.Json.Serialization;

namespace ResLora.Experiments.Comparing;

/// <summary>What a model did on every test sample, in the order of the data.</summary>
/// <param name="Losses">The loss of each.</param>
internal sealed record TestItems(IReadOnlyList<double> Losses)
{
    /// <summary>Whether each was right; null where nothing is right or wrong.</summary>
    public IReadOnlyList<bool>? Right { get; init; }

    /// <summary>The label's number or the score that each has; null for tasks without.</summary>
    public IReadOnlyList<double>? Expected { get; init; }

    /// <summary>The label's number or the score that was predicted for each; null for tasks without.</summary>
    public IReadOnlyList<double>? Predicted { get; init; }

    /// <summary>The labels in the order of their numbers; null for scores and for tasks without labels.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Whether all samples were given one label, where more are right: what a model does that has learnt nothing.</summary>
    [JsonIgnore]
    public bool HasOneAnswer =>
        this is { Labels: not null, Predicted: { } predicted, Expected: { } expected }
        && predicted.Distinct().Count() == 1 && expected.Distinct().Count() > 1;
}
