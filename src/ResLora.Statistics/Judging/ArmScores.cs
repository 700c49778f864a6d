using ResLora.Formats.Errors;

namespace ResLora.Statistics.Judging;

/// <summary>What an arm of a comparison scored with each seed: one score, or one outcome an item.</summary>
public sealed class ArmScores
{
    private (VerdictTerms Terms, ScoredArm Arm)? _scored;

    private ArmScores(string name, IReadOnlyList<long> seeds, IReadOnlyList<IReadOnlyList<double>> outcomes, bool hasItems)
    {
        Name = name;
        Seeds = seeds;
        Outcomes = outcomes;
        HasItems = hasItems;
    }

    /// <summary>The arm's name, as sentences call it.</summary>
    public string Name { get; }

    /// <summary>The seeds, in rising order, one at least.</summary>
    public IReadOnlyList<long> Seeds { get; }

    /// <summary>Whether outcomes of items are known.</summary>
    internal bool HasItems { get; }

    /// <summary>How many items there are; 1 where only scores are known.</summary>
    internal int Items => Outcomes[0].Count;

    /// <summary>A list for each seed: the outcomes of its items, or its score alone.</summary>
    internal IReadOnlyList<IReadOnlyList<double>> Outcomes { get; }

    /// <summary>The arm, scored: its draws serve its own interval and every verdict on it.</summary>
    /// <param name="terms">How a score is made of items.</param>
    internal ScoredArm Scored(VerdictTerms terms)
    {
        if (_scored is not var (known, arm) || !ReferenceEquals(known, terms))
        {
            arm = new ScoredArm(this, terms);
            _scored = (terms, arm);
        }

        return arm;
    }

    /// <summary>From one score a seed, where nothing is known of items.</summary>
    /// <param name="name">The arm's name.</param>
    /// <param name="scores">The score of each seed; one that is not finite leaves the arm unjudged.</param>
    /// <returns>The scores.</returns>
    /// <exception cref="ConfigException">There is no seed.</exception>
    public static ArmScores OfScores(string name, IReadOnlyDictionary<long, double> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return Of(name, scores.ToDictionary(seed => seed.Key, seed => (IReadOnlyList<double>)[seed.Value]), hasItems: false);
    }

    /// <summary>From one outcome an item and seed.</summary>
    /// <param name="name">The arm's name.</param>
    /// <param name="outcomes">
    /// For each seed the outcomes of the same items in the same order: 1 or 0 for right or wrong, a loss, or what
    /// <see cref="VerdictTerms.ScoreOfItems"/> takes, such as a predicted label's number.
    /// </param>
    /// <returns>The scores.</returns>
    /// <exception cref="ConfigException">There is no seed, fewer than two items, or not as many with each seed.</exception>
    public static ArmScores OfItems(string name, IReadOnlyDictionary<long, IReadOnlyList<double>> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        var arm = Of(name, outcomes, hasItems: true);
        return arm.Outcomes.All(seed => seed.Count == arm.Items) && arm.Items > 1
            ? arm
            : throw new ConfigException(
                $"Arm '{name}' has {string.Join(", ", arm.Outcomes.Select(seed => seed.Count).Distinct())} items by seed; "
                + "there must be as many with each, and two at least.");
    }

    private static ArmScores Of(string name, IReadOnlyDictionary<long, IReadOnlyList<double>> outcomes, bool hasItems)
    {
        long[] seeds = [.. outcomes.Keys.Order()];
        return seeds.Length > 0
            ? new ArmScores(name, seeds, [.. seeds.Select(seed => outcomes[seed])], hasItems)
            : throw new ConfigException($"Arm '{name}' has no scores; give those of one seed at least.");
    }
}
