namespace ResLora.Experiments.Analyzing;

/// <summary>What was measured of a run at a step.</summary>
/// <param name="Step">How many steps were done.</param>
/// <param name="ShortcutWeight">γ, the weight of the shortcuts.</param>
/// <param name="Loss">The mean loss of what the samples predict.</param>
/// <param name="Blocks">The blocks, in the order of the model's modules.</param>
public sealed record StepFigures(int Step, double ShortcutWeight, double Loss, IReadOnlyList<BlockFigures> Blocks)
{
    /// <summary>How many samples it was measured on; 0 in files that do not say it.</summary>
    public int Samples { get; init; }
}
