using ResLora.Experiments.Workloads;
using ResLora.Statistics.Judging;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What the arms are judged by, for the statistics: an outcome a test sample, and how a score is made of them.</summary>
internal sealed class ScoreJudge
{
    private readonly ScoreKind _kind;
    private readonly LabelMeasures? _measures;
    private readonly TestItems _items;
    private readonly Dictionary<string, ArmScores> _scores = [];

    /// <summary>Finds out.</summary>
    /// <param name="config">The comparison.</param>
    /// <param name="kind">Whether to judge by the task's own score, or by the loss.</param>
    /// <param name="items">Any run's test samples.</param>
    /// <param name="lossUnit">What losses are measured in.</param>
    public ScoreJudge(CompareConfig config, ScoreKind kind, TestItems items, string lossUnit)
    {
        (_kind, _items) = (kind, items);
        _measures = items.Expected is null ? null : WorkloadRegistry.Of(config.Run.Task).MeasuresOf(
            config.Run.Task, items.Labels?.Count ?? 0);
        Meaning = this switch
        {
            { IsLoss: true } => new ScoreMeaning("loss", lossUnit, true),
            { _measures: { } measures } => ScoreMeaning.OfLabels(measures.ScoreMetrics),
            _ => new ScoreMeaning("exact match", ScoreMeaning.Share, false),
        };
        Terms = new VerdictTerms
        {
            IsLowerBetter = Meaning.IsLowerBetter,
            // The margin is in the unit of the comparison's own score.
            Margin = kind == config.Settings.Score ? config.Settings.Margin : null,
            ScoreOfItems = IsMean ? null : ScoreOf,
        };
    }

    /// <summary>What the score is.</summary>
    public ScoreMeaning Meaning { get; }

    /// <summary>On which terms arms are judged.</summary>
    public VerdictTerms Terms { get; }

    /// <summary>Whether it is the loss.</summary>
    public bool IsLoss => _kind == ScoreKind.Loss || (_items.Right is null && _measures is null);

    private bool IsMean => IsLoss || _measures is null || _measures.ScoreMetrics is [LabelMetric.Accuracy];

    /// <summary>An arm's outcomes.</summary>
    /// <param name="arm">The arm.</param>
    public ArmScores Of(FinishedArm arm) => _scores.TryGetValue(arm.Name, out var known)
        ? known
        : _scores[arm.Name] = ArmScores.OfItems(arm.Name, arm.Runs.ToDictionary(run => run.Seed, run => Outcomes(run.Test.Test!.Items)));

    private IReadOnlyList<double> Outcomes(TestItems items) =>
        IsLoss ? items.Losses : IsMean ? [.. items.Right!.Select(right => right ? 1.0 : 0.0)] : items.Predicted!;

    /// <summary>The task's score of a draw of samples.</summary>
    private double ScoreOf(IReadOnlyList<double> predicted, IReadOnlyList<int> drawn)
    {
        var expected = _items.Expected!;
        return _items.Labels is { } labels
            ? LabelScores.OfLabels(
                _measures!, new LabelSet(labels), [.. drawn.Select(i => (int)expected[i])], [.. drawn.Select(i => (int)predicted[i])]).Score
            : LabelScores.OfScores(_measures!, [.. drawn.Select(i => expected[i])], [.. drawn.Select(i => predicted[i])]).Score;
    }
}
