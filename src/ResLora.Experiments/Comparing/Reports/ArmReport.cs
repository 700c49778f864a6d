namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What was found of an arm.</summary>
public sealed record ArmReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it sets, <c>key=value</c> each.</summary>
    public required IReadOnlyList<string> Set { get; init; }

    /// <summary>The number type that it was computed in; null in a report that does not say.</summary>
    public string? DataType { get; init; }

    /// <summary>Its learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The learning rates that it was chosen from; empty where there was no choice.</summary>
    public required IReadOnlyList<TriedRate> Tried { get; init; }

    /// <summary>How many numbers are trained.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>The size of the saved weights, in bytes.</summary>
    public required long FileBytes { get; init; }

    /// <summary>By which method its shortcuts were merged; null without shortcuts.</summary>
    public string? MergeMethod { get; init; }

    /// <summary>
    /// Its figures by name: score, loss, trainLoss, mergedScore, mergedLoss, mergeCost, generalLoss, forgotten, stepsToReference,
    /// tokensToReference, secondsToReference, speed, seconds, peakMemory. What was not measured is left out.
    /// </summary>
    public required IReadOnlyDictionary<string, Figure> Figures { get; init; }

    /// <summary>Its training losses, a curve a seed.</summary>
    public required IReadOnlyList<Curve> Curves { get; init; }
}
