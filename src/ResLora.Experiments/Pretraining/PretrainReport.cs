using ResLora.Training.Loop;

namespace ResLora.Experiments.Pretraining;

/// <summary>What pretraining made.</summary>
/// <param name="Output">The model folder; not written when the run was interrupted.</param>
/// <param name="RunFolder">The folder of the run; null when the model was only written (<c>initOnly</c>).</param>
/// <param name="Parameters">The number of weights.</param>
/// <param name="Vocabulary">The number of tokens that the model knows; null for one that looks at pictures.</param>
/// <param name="Result">How training ended; null when the model was only written.</param>
public sealed record PretrainReport(string Output, string? RunFolder, long Parameters, long? Vocabulary, TrainResult? Result);
