namespace ResLora.Experiments.Comparing;

/// <summary>How each arm's learning rate is chosen: by validation data, with one seed that is none of the comparison's.</summary>
public sealed record TuneSettings
{
    /// <summary>The learning rates that every arm tries. Default none: all arms take the run's.</summary>
    public IReadOnlyList<double> LearningRate { get; init; } = [];

    /// <summary>The seed of these runs, which must not be among <c>compare.seeds</c>. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <param name="seeds">The comparison's seeds.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems(IReadOnlyList<long> seeds)
    {
        foreach (var problem in RateProblems(LearningRate))
        {
            yield return $"learningRate {problem}";
        }

        if (LearningRate.Count > 0 && seeds.Contains(Seed))
        {
            yield return $"seed is {Seed}, which is among compare.seeds; a rate chosen with a seed favours it, so take another";
        }
    }

    /// <summary>What is wrong with rates to choose from.</summary>
    /// <param name="rates">The rates; none is well, too.</param>
    internal static IEnumerable<string> RateProblems(IReadOnlyList<double> rates)
    {
        if (rates.Count == 1)
        {
            yield return "has one value, which leaves nothing to choose; give two or more, or set training.learningRate";
        }

        if (rates.Any(rate => !(double.IsFinite(rate) && rate > 0)))
        {
            yield return "has a value that is not above 0";
        }

        if (rates.Distinct().Count() < rates.Count)
        {
            yield return "has a value twice";
        }
    }
}
