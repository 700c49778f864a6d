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
        var hidden = model.Hidden(batch.Ids, batch.TokenMask, rightPadded: true, packed: batch.Packed);   // [B, T] -> [B, T, D]
        var predicting = hidden.flatten(0, 1).index_select(0, batch.Positions);                   // [B, T, D] -> [N, D]
        return model.TokenLoss(predicting, batch.Targets).MoveToOuterDisposeScope();
    }
}
