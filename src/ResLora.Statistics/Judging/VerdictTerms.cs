using ResLora.Formats.Errors;

namespace ResLora.Statistics.Judging;

/// <summary>On which terms arms are judged.</summary>
public sealed record VerdictTerms
{
    /// <summary>Whether a lower score is better, as of losses; default false.</summary>
    public bool IsLowerBetter { get; init; }

    /// <summary>
    /// The largest difference that does not matter, in the score's unit, above 0; null (the default) asks for no equivalence.
    /// </summary>
    public double? Margin { get; init; }

    /// <summary>The share of false alarms that is accepted over the whole family of comparisons; default 0.05.</summary>
    public double Significance { get; init; } = 0.05;

    /// <summary>The chance with which the smallest difference would have been shown; default 0.8.</summary>
    public double Power { get; init; } = 0.8;

    /// <summary>
    /// The score of a draw of items, for scores that are no means: given the outcomes of all items and the places of those drawn (some
    /// twice, some not at all). Null, the default, takes the mean of the outcomes.
    /// </summary>
    public Func<IReadOnlyList<double>, IReadOnlyList<int>, double>? ScoreOfItems { get; init; }

    /// <summary>How many draws of items a bootstrap takes, where <see cref="ScoreOfItems"/> is given; default 1,000.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>The seed of those draws; default 0.</summary>
    public ulong DrawSeed { get; init; }

    /// <summary>The confidence of intervals: 1 − <see cref="Significance"/>.</summary>
    internal double Confidence => 1 - Significance;

    /// <exception cref="ConfigException">A number is out of its range.</exception>
    internal void Require()
    {
        if (!(Significance is > 0 and < 0.5) || !(Power < 1) || !(Power > Significance) || Resamples < 100)
        {
            throw new ConfigException(
                $"The terms of a verdict are a significance above 0 and below 0.5, a power between it and 1 and 100 resamples or more; "
                + $"they are {Significance}, {Power} and {Resamples}.");
        }

        if (Margin is { } margin && !(margin > 0 && double.IsFinite(margin)))
        {
            throw new ConfigException($"The margin of equivalence is {margin}; it must be above 0.");
        }
    }
}
