using ResLora.Training.Memory;

namespace ResLora.Experiments.Comparing;

/// <summary>What a run will take.</summary>
/// <param name="TrainedParameters">How many numbers are trained.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Memory">The memory; null where nobody knows.</param>
/// <param name="ValidationSamples">Samples held out.</param>
public sealed record RunSize(long TrainedParameters, int Steps, MemoryEstimate? Memory, int ValidationSamples);
