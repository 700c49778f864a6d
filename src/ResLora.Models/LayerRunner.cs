using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Runs one layer, which is a pure function of its input tensors and the model's parameters.</summary>
/// <param name="layer">The layer: takes tensors like <paramref name="inputs"/> (borrowed), returns a new tensor shaped like the
/// first.</param>
/// <param name="inputs">The hidden states [B, T, D], then whatever else the layer reads; borrowed, gone after the forward pass.</param>
/// <returns>New tensor [B, T, D], owned by the caller.</returns>
public delegate Tensor LayerRunner(Func<IReadOnlyList<Tensor>, Tensor> layer, IReadOnlyList<Tensor> inputs);
