using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>The loss of next-token prediction.</summary>
public static class TokenLoss
{
    /// <summary>
    /// Σ −log softmax(z_t)[y_{t+1}] over the positions t whose next token is trained, in float32. Logits are computed for
    /// those positions only: prompts and padding cost none.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The samples, borrowed.</param>
    /// <returns>New scalar, float32, in nats; owned by the caller.</returns>
    public static Tensor Sum(CausalLanguageModel model, TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batch);
        using var hidden = Hidden(model, batch);
        return Sum(model, batch, hidden);
    }

    /// <summary>As the other overload, of hidden states that are there already.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The samples, borrowed.</param>
    /// <param name="hidden">[B, T, D] after the last norm, borrowed.</param>
    /// <returns>New scalar, owned by the caller.</returns>
    internal static Tensor Sum(CausalLanguageModel model, TokenBatch batch, Tensor hidden)
    {
        using var predicting = Predicting(batch, hidden);
        return model.TokenLoss(predicting, batch.Targets);
    }

    /// <summary>The hidden states of every position.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The samples, borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    internal static Tensor Hidden(CausalLanguageModel model, TokenBatch batch) =>
        model.Hidden(batch.Ids, batch.TokenMask, rightPadded: true, packed: batch.Packed);   // [B, T] -> [B, T, D]

    /// <summary>The hidden states of the positions that predict something.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The samples, borrowed.</param>
    /// <returns>New tensor [N, D], owned by the caller.</returns>
    internal static Tensor Predicting(CausalLanguageModel model, TokenBatch batch)
    {
        using var hidden = Hidden(model, batch);
        return Predicting(batch, hidden);
    }

    private static Tensor Predicting(TokenBatch batch, Tensor hidden)
    {
        using var flat = hidden.flatten(0, 1);                 // [B, T, D] -> [B·T, D]
        return flat.index_select(0, batch.Positions);          // [B·T, D] -> [N, D]
    }
}
