using static TorchSharp.torch;

namespace ResLora.Adapters.Layers;

/// <summary>Activations as one row a token, padding left out.</summary>
internal static class TokenRows
{
    /// <summary>The rows of the tokens.</summary>
    /// <param name="activations">[B, T, D], borrowed.</param>
    /// <param name="tokenMask">[B, T], 0 for padding; null when nothing is padding.</param>
    /// <returns>New tensor [N, D], owned by the caller.</returns>
    public static Tensor Of(Tensor activations, Tensor? tokenMask)
    {
        using var scope = NewDisposeScope();
        var rows = activations.reshape(-1, activations.shape[^1]);   // [B, T, D] -> [B·T, D]
        return tokenMask is null
            ? rows.alias().MoveToOuterDisposeScope()
            : rows.index(TensorIndex.Tensor(tokenMask.reshape(-1) != 0)).MoveToOuterDisposeScope();   // [B·T, D] -> [N, D]
    }
}
