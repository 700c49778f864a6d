namespace ResLora.Training.Probing;

/// <summary>What was measured of a model at one moment.</summary>
/// <param name="Loss">The mean loss of what the samples predict.</param>
/// <param name="Blocks">The blocks, in the order of the model's modules.</param>
public sealed record ProbeResult(double Loss, IReadOnlyList<BlockProbe> Blocks);
