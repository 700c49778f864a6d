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
    /// <param name="network">What is between them.</param>
    /// <param name="stepSeconds">How long a step takes on one rank; null where it is not known.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ConfigException">So many ranks cannot share a step.</exception>
    public static RanksPlan Of(PlanReport report, TrainConfig config, int ranks, NetworkSpeed network, double? stepSeconds)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(network);
        if (config.RanksProblem(ranks) is { } problem)
        {
            throw new ConfigException(problem);
        }

        var samples = config.BatchSize * config.AccumulationSteps;
        var busiest = config.MostSamplesOfARank(ranks);
        var scaling = new ScalingModel(report.Run.TrainableParameters * sizeof(float), network.Latency, network.Bandwidth);
        var talk = scaling.TalkSeconds(ranks);
        var step = stepSeconds / samples * busiest + talk;
        return new RanksPlan(ranks, busiest, scaling.GradientBytes, talk)
        {
            StepSeconds = step,
            Efficiency = stepSeconds / (ranks * step),
        };
    }
}

/// <summary>What is between two ranks.</summary>
/// <param name="Latency">Seconds until the first byte of a message is there.</param>
/// <param name="Bandwidth">Bytes a second.</param>
public sealed record NetworkSpeed(double Latency, double Bandwidth);
