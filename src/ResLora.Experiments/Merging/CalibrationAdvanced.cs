using ResLora.Adapters.Merging;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Merging;

/// <summary>A calibration has seen another batch.</summary>
/// <param name="Progress">How far it is.</param>
public sealed record CalibrationAdvanced(CalibrationProgress Progress) : RunEvent(0);
