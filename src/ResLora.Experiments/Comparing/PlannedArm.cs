using ResLora.Training.Memory;

namespace ResLora.Experiments.Comparing;

/// <summary>What an arm's runs will take.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="TrainedParameters">How many numbers are trained.</param>
/// <param name="Steps">Optimizer steps of a run.</param>
/// <param name="Memory">The memory of a run; null where nobody knows.</param>
public sealed record PlannedArm(Arm Arm, long TrainedParameters, int Steps, MemoryEstimate? Memory);
