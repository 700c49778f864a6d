namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What a figure is of.</summary>
/// <param name="Key">Its name in report.json.</param>
/// <param name="Title">Its name in tables.</param>
/// <param name="Style">How it is written.</param>
/// <param name="Least">What no value can be below.</param>
/// <param name="IsOfMachine">Whether a repetition elsewhere, or at another hour, has other values.</param>
internal sealed record FigureKind(string Key, string Title, FigureStyle Style, double Least, bool IsOfMachine = false)
{
    public static readonly FigureKind Score = new("score", "score", FigureStyle.Number, 0);
    public static readonly FigureKind Loss = new("loss", "test loss", FigureStyle.Number, 0);
    public static readonly FigureKind TrainLoss = new("trainLoss", "training loss at the end", FigureStyle.Number, 0);
    public static readonly FigureKind MeanTrainLoss = new("meanTrainLoss", "mean training loss", FigureStyle.Number, 0);
    public static readonly FigureKind MergedScore = new("mergedScore", "score, merged", FigureStyle.Number, double.NegativeInfinity);
    public static readonly FigureKind MergedLoss = new("mergedLoss", "test loss, merged", FigureStyle.Number, 0);
    public static readonly FigureKind MergeCost = new(
        "mergeCost", "merge loss (test loss merged less unmerged)", FigureStyle.Number, double.NegativeInfinity);
    public static readonly FigureKind General = new("generalLoss", "loss on general text", FigureStyle.Number, 0);
    public static readonly FigureKind Forgotten = new(
        "forgotten", "forgetting (less the base model's)", FigureStyle.Number, double.NegativeInfinity);
    public static readonly FigureKind StepsToReference = new("stepsToReference", "steps", FigureStyle.Count, 0);
    public static readonly FigureKind TokensToReference = new("tokensToReference", "read", FigureStyle.Count, 0);
    public static readonly FigureKind SecondsToReference = new("secondsToReference", "seconds", FigureStyle.Short, 0, true);
    public static readonly FigureKind Speed = new("speed", "a second", FigureStyle.Count, 0, true);
    public static readonly FigureKind Seconds = new("seconds", "seconds of training", FigureStyle.Short, 0, true);
    public static readonly FigureKind PeakMemory = new("peakMemory", "peak memory", FigureStyle.Bytes, 0, true);

    /// <summary>All, in the order of the report.</summary>
    public static IReadOnlyList<FigureKind> All { get; } =
    [
        Score, Loss, TrainLoss, MeanTrainLoss, MergedScore, MergedLoss, MergeCost, General, Forgotten,
        StepsToReference, TokensToReference, SecondsToReference, Speed, Seconds, PeakMemory,
    ];
}
