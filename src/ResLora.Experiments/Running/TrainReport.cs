using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>How a fine-tuning run ended.</summary>
/// <param name="RunFolder">The run's folder.</param>
/// <param name="TrainableParameters">How many numbers were trained.</param>
/// <param name="Result">How training ended.</param>
public sealed record TrainReport(string RunFolder, long TrainableParameters, TrainResult Result);
