using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The two factors of a low-rank update, borrowed from whoever owns them: delta = s · B A.</summary>
/// <param name="A">The down-projection, [R, Din].</param>
/// <param name="B">The up-projection, [Dout, R].</param>
/// <param name="Scaling">s = alpha / rank (alpha / √rank when rank-stabilised).</param>
public readonly record struct LoraPair(Tensor A, Tensor B, double Scaling);
