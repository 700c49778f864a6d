using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>What a number of ranks would make of a run (docs/distributed.md).</summary>
/// <param name="Ranks">How many ranks.</param>
/// <param name="SamplesPerRank">The samples of a step that the busiest rank computes.</param>
/// <param name="GradientBytes">The bytes of gradients that each rank has to add to the others' in a step.</param>
/// <param name="TalkSeconds">How long the ranks talk in a step, by <see cref="ScalingModel"/>.</param>
public sealed record RanksPlan(int Ranks, int SamplesPerRank, long GradientBytes, double TalkSeconds)
{
    /// <summary>How long a step takes, in seconds; null where it is not known how long it takes on one rank.</summary>
    public double? StepSeconds { get; private init; }

    /// <summary>How much of as many times one rank's speed is reached, 0 to 1; null where it is not known how long a step takes.</summary>
    public double? Efficiency { get; private init; }

    /// <summary>Plans.</summary>
    /// <param name="report">The plan of the run.</param>
    /// <param name="config">How it is trained.</param>
    /// <param name="ranks">How many ranks.</param>
    /// <param name="asked">What is between them, and how long a step takes.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ConfigException">So many ranks cannot share a step.</exception>
    internal static RanksPlan Of(PlanReport report, TrainConfig config, int ranks, RanksQuestion asked)
    {
        if (config.RanksProblem(ranks) is { } problem)
        {
            throw new ConfigException(problem);
        }

        var samples = config.BatchSize * config.AccumulationSteps;
        var busiest = config.MostSamplesOfARank(ranks);
        var scaling = asked.Scaling(report.Run);
        var talk = scaling.TalkSeconds(ranks);
        var step = asked.StepSeconds / samples * busiest + talk;
        return new RanksPlan(ranks, busiest, scaling.GradientBytes, talk)
        {
            StepSeconds = step,
            Efficiency = asked.StepSeconds / (ranks * step),
        };
    }
}
