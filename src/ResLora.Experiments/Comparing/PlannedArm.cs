using ResLora.Training.Memory;

namespace ResLora.Experiments.Comparing;

/// <summary>What an arm's runs will take.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Size">What each of them takes.</param>
public sealed record PlannedArm(Arm Arm, RunSize Size)
{
    /// <summary>How many numbers are trained.</summary>
    public long TrainedParameters => Size.TrainedParameters;

    /// <summary>Optimizer steps of a run.</summary>
    public int Steps => Size.Steps;

    /// <summary>The memory of a run; null where nobody knows.</summary>
    public MemoryEstimate? Memory => Size.Memory;
}
