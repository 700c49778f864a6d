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
        using var scope = NewDisposeScope();
        return model.TokenLoss(Predicting(model, batch), batch.Targets).MoveToOuterDisposeScope();
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
        using var scope = NewDisposeScope();
        return Hidden(model, batch).flatten(0, 1).index_select(0, batch.Positions).MoveToOuterDisposeScope();   // [B, T, D] -> [N, D]
    }
}
