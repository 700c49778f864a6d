using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>A block as PEFT's files hold it.</summary>
/// <param name="Factors">Its tensors by PEFT's names behind the module's; borrowed, or in the caller's dispose scope.</param>
/// <param name="Rank">R, by which a reader divides.</param>
/// <param name="Alpha">The alpha that a reader divides.</param>
public sealed record StoredBlock(IReadOnlyList<KeyValuePair<string, Tensor>> Factors, int Rank, double Alpha);
