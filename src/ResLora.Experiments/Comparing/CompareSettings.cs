using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Text.Data;

namespace ResLora.Experiments.Comparing;

/// <summary>The section <c>compare</c> of a comparison's file, which has the keys of a run besides (docs/compare.md).</summary>
public sealed record CompareSettings : ICheckedConfig
{
    /// <summary>The arms: <c>paper</c>, or a list of names with keys of the run and their values (docs/compare.md).</summary>
    public required ArmList Arms { get; init; }

    /// <summary>Arms that are left out, by name. Default none.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The seeds; each arm is trained once with each. Default 1, 2 and 3.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>The arm that the others are held against. Default: <c>lora</c> of <c>paper</c>, else the first.</summary>
    public string? Reference { get; init; }

    /// <summary>How learning rates are chosen. Default: not at all.</summary>
    public TuneSettings Tune { get; init; } = new();

    /// <summary>
    /// The test data: a file, the data set's own folder, or <c>hub:org/name</c>. No model is measured on it before all are trained.
    /// </summary>
    [ConfigPath(PlaceKind.Data)]
    public required string Test { get; init; }

    /// <summary>The part of a data set's folder that is the test data: test, or validation where test data has no labels. Default
    /// test.</summary>
    public TaskSplit TestSplit { get; init; } = TaskSplit.Test;

    /// <summary>How many test samples are read from the start of the data. Default: all.</summary>
    public int? TestCount { get; init; }

    /// <summary>The most tokens of a generated answer. Default 128.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>
    /// By what the arms are judged: auto, the task's own score (its labels' metric, right answers, or else the loss), or loss. Default
    /// auto.
    /// </summary>
    public ScoreKind Score { get; init; }

    /// <summary>Which weights of a run are tested: last, those of its last step, or best, by <c>training.bestMetric</c>. Default
    /// last.</summary>
    public TestedWeights Weights { get; init; }

    /// <summary>
    /// The difference of scores that means nothing to you, in the score's unit: within it two arms may be said to be as good as each other.
    /// Default: none, and nothing is said.
    /// </summary>
    public double? Margin { get; init; }

    /// <summary>
    /// Texts of another kind (as task <c>text</c> reads them), on which the loss before and after training says what was forgotten. For
    /// models that continue texts. Default: none.
    /// </summary>
    [ConfigPath(PlaceKind.Data)]
    public string? GeneralText { get; init; }

    /// <summary>How many samples of <see cref="GeneralText"/> are read from the start. Default 64.</summary>
    public int GeneralCount { get; init; } = 64;

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { ("testCount", TestCount ?? 1), ("maxNewTokens", MaxNewTokens), ("generalCount", GeneralCount) })
        {
            if (value < 1)
            {
                yield return $"{name} is {value}; it must be 1 or more";
            }
        }

        if (Margin is { } margin && !(double.IsFinite(margin) && margin > 0))
        {
            yield return $"margin is {margin}; it must be above 0, in the score's unit";
        }

        if (Arms.Own is { Count: 0 })
        {
            yield return "arms is empty; name two or more";
        }

        foreach (var problem in SeedList.Problems(Seeds).Concat(Tune.Problems(Seeds).Select(problem => $"tune.{problem}")).Concat(
            (Arms.Own ?? []).SelectMany(arm => arm.Problems())))
        {
            yield return problem;
        }
    }
}
