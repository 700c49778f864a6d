namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>What was measured of an arm.</summary>
/// <param name="Name">The arm.</param>
/// <param name="Set">What it sets, <c>key=value</c> each.</param>
/// <param name="TrainedParameters">How many numbers were trained.</param>
/// <param name="Summary">The figures of the whole run.</param>
/// <param name="Steps">The measurements, in the order of steps.</param>
public sealed record ArmAnalysis(
    string Name, IReadOnlyList<string> Set, long TrainedParameters, ArmSummary Summary, IReadOnlyList<StepFigures> Steps);
