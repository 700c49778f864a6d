namespace ResLora.Statistics.Judging;

/// <summary>An arm with the score of each seed, and with what tells how its scores move with the items.</summary>
internal sealed class ScoredArm
{
    private readonly bool _isOfDraws;

    /// <summary>Scores an arm.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="terms">How a score is made of items.</param>
    public ScoredArm(ArmScores arm, VerdictTerms terms)
    {
        Arm = arm;
        _isOfDraws = arm.HasItems && terms.ScoreOfItems is not null;
        var score = _isOfDraws ? terms.ScoreOfItems! : (outcomes, _) => outcomes.Average();
        int[] all = [.. Enumerable.Range(0, arm.Items)];
        Scores = [.. arm.Outcomes.Select(outcomes => score(outcomes, all))];
        var draws = _isOfDraws ? Spread.Draws(arm.Items, terms.Resamples, terms.DrawSeed) : [];
        Columns = _isOfDraws
            ? [.. arm.Outcomes.Select(outcomes => draws.Select(draw => score(outcomes, draw)).ToArray())]
            : [.. arm.Outcomes.Select(outcomes => outcomes.ToArray())];
    }

    /// <summary>The arm.</summary>
    public ArmScores Arm { get; }

    /// <summary>[seeds].</summary>
    public double[] Scores { get; }

    /// <summary>[seeds][items], the outcomes; or [seeds][draws], the scores of draws, equal draws for every arm.</summary>
    public double[][] Columns { get; }

    /// <summary>The spread of columns like <see cref="Columns"/>: these, or their differences; null where items are not known.</summary>
    public Spread? SpreadOf(double[][] columns)
    {
        if (!Arm.HasItems)
        {
            return null;
        }

        if (!_isOfDraws)
        {
            return Spread.OfMeans(columns);
        }

        // A draw may have no score, such as a correlation where every item drawn is alike: it is left out of all seeds. Where that happens
        // to most, the rest says nothing.
        var kept = Finite(columns);
        return 2 * kept[0].Length > columns[0].Length ? Spread.OfDraws(kept, Arm.Items) : new Spread(double.NaN, double.NaN);
    }

    private static double[][] Finite(double[][] columns)
    {
        int[] kept = [.. Enumerable.Range(0, columns[0].Length).Where(i => columns.All(seed => double.IsFinite(seed[i])))];
        return [.. columns.Select(seed => kept.Select(i => seed[i]).ToArray())];
    }
}
