using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Planning;

namespace ResLora.Experiments.Running;

/// <summary>What a number of ranks that share the layers of a model would make of a run (docs/distributed.md).</summary>
/// <param name="Stages">What each of them has to do, in their order.</param>
/// <param name="Passes">The forward passes of a step, which go through them one behind another.</param>
/// <param name="IdleShare">The part of a step in which each has nothing to do, 0 to 1, where all take the same time.</param>
/// <param name="GradientBytes">The bytes of gradients that each rank has to add to the others' in a step.</param>
/// <param name="TalkSeconds">How long a rank talks in a step: gradients as <see cref="Training.Distributed.ScalingModel"/> says, and one
/// message there and one back for each place of a pass in the step, M + S - 1 of them.</param>
public sealed record PipelinePlan(IReadOnlyList<StagePlan> Stages, int Passes, double IdleShare, long GradientBytes, double TalkSeconds)
{
    /// <summary>How long a step takes, in seconds; null where it is not known how long it takes on one rank.</summary>
    public double? StepSeconds { get; init; }

    /// <summary>How much of as many times one rank's speed is reached, 0 to 1; null where it is not known how long a step takes.</summary>
    public double? Efficiency { get; init; }

    /// <summary>How the rank that takes most was made to fit into the limit on memory; null without a limit.</summary>
    public MemoryChoice? Choice { get; init; }

    /// <summary>Memory that was free on this machine when the plan was made, in bytes; null where the system does not tell.</summary>
    public long? AvailableMemory { get; init; }

    /// <summary>Plans.</summary>
    /// <param name="run">The plan of a rank.</param>
    /// <param name="config">How it is trained.</param>
    /// <param name="asked">What is between the ranks, and how long a step takes.</param>
    internal static PipelinePlan Of(RunPlan run, TrainConfig config, RanksQuestion asked)
    {
        var (ranks, passes) = (run.Stages.Count, (run.Choice?.Config ?? config).AccumulationSteps);
        var scaling = asked.Scaling(run);
        var message = asked.Network.Latency + (run.Stages.Max(stage => stage.SentBytes ?? 0) / asked.Network.Bandwidth);
        var places = passes + ranks - 1;
        var talk = ranks == 1 ? 0 : scaling.TalkSeconds(ranks) + (2 * places * message);
        var step = asked.StepSeconds / passes / ranks * places + talk;
        return new PipelinePlan(run.Stages, passes, (ranks - 1.0) / places, scaling.GradientBytes, talk)
        {
            StepSeconds = step,
            Efficiency = asked.StepSeconds / (ranks * step),
            Choice = run.Choice,
            AvailableMemory = run.AvailableMemory,
        };
    }
}
