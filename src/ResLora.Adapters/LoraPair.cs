using ResLora.Adapters.Layers;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The two factors of a low-rank update, borrowed from whoever owns them: delta = s · B A.</summary>
/// <param name="A">The down-projection, [R, Din]; at other layers than linear ones as <see cref="LayerSite.ShapeOfA"/> says.</param>
/// <param name="B">The up-projection, [Dout, R], likewise.</param>
/// <param name="Scaling">s = alpha / rank (alpha / √rank when rank-stabilised).</param>
public readonly record struct LoraPair(Tensor A, Tensor B, double Scaling)
{
    /// <summary>The layer that the factors belong to; null for factors of a linear layer by themselves.</summary>
    public LayerSite? Site { get; init; }
}
