using ResLora.Training.Distributed;
using ResLora.Training.Planning;

namespace ResLora.Experiments.Running;

/// <summary>What is asked of a plan about ranks.</summary>
/// <param name="Counts">The numbers of ranks that are asked about, each at least 1.</param>
/// <param name="Network">What is between two of them.</param>
/// <param name="StepSeconds">How long a step takes on one rank; null where it is not known.</param>
public sealed record RanksQuestion(IReadOnlyList<int> Counts, NetworkSpeed Network, double? StepSeconds)
{
    /// <summary>What talking costs in a run.</summary>
    internal ScalingModel Scaling(RunPlan run) => new(run.TrainableParameters * sizeof(float), Network.Latency, Network.Bandwidth);
}

/// <summary>What is between two ranks.</summary>
/// <param name="Latency">Seconds until the first byte of a message is there.</param>
/// <param name="Bandwidth">Bytes a second.</param>
public sealed record NetworkSpeed(double Latency, double Bandwidth);
