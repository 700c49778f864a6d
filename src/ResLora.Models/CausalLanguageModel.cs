using System.Text.Json.Nodes;
using ResLora.Models.Fused;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A decoder that predicts the next token.</summary>
/// <param name="name">The module's name.</param>
public abstract class CausalLanguageModel(string name) : LanguageModel(name)
{
    /// <summary>Hidden states after the last norm.</summary>
    /// <param name="inputIds">[B, T] int64 token ids, borrowed.</param>
    /// <param name="tokenMask">[B, P + T], 1 for tokens and 0 for padding (left or right), borrowed; null when nothing is padding.</param>
    /// <param name="cache">Earlier positions, which are extended by this call; null when there are none.</param>
    /// <param name="rightPadded">
    /// True when padding stands on the right only: causal attention then keeps it away from every real token by itself, which
    /// is faster than a mask. Hidden states of padding differ between the two ways and mean nothing in either.
    /// </param>
    /// <param name="packed">
    /// The tokens of each text, when the single row (B = 1) holds several texts one behind another: positions begin anew with each, and
    /// none sees another. Padding counts as a text; a mask does not hide it, but tells it apart for whoever listens. Goes without a cache.
    /// Null when each row is one text.
    /// </param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    public abstract Tensor Hidden(
        Tensor inputIds, Tensor? tokenMask =
            null, KeyValueCache? cache = null, bool rightPadded = false, IReadOnlyList<int>? packed = null);

    /// <summary>Scores of the next token.</summary>
    /// <param name="hidden">[..., D] hidden states after the last norm, borrowed.</param>
    /// <returns>New tensor [..., V] in the model's dtype, owned by the caller.</returns>
    public abstract Tensor Logits(Tensor hidden);

    /// <summary>Whether the output head is a matrix of its own, and not the embedding itself.</summary>
    public abstract bool HasOwnHead { get; }

    /// <summary>Makes the output head a matrix of its own, with the embedding's values; nothing else changes.</summary>
    public abstract void GiveOwnHead();

    /// <summary>The fewest tokens that a layer looks back over; null when all layers see the whole text.</summary>
    public virtual int? ShortestWindow => null;

    /// <summary>W of the output head, [V, D], borrowed; null when the head is more than a matrix or is trained.</summary>
    protected abstract Tensor? FrozenHead { get; }

    /// <summary>Σ −log softmax(z)[y] with z the scores of the next token, in float32.</summary>
    /// <param name="hidden">[N, D] hidden states after the last norm, borrowed.</param>
    /// <param name="targets">y, [N] int64, borrowed.</param>
    /// <returns>New scalar, float32, in nats; owned by the caller.</returns>
    public Tensor TokenLoss(Tensor hidden, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        if (FrozenHead is { } weight && UsesFusedKernels && FusedKernels.Fit(hidden, weight))
        {
            return FusedTokenLoss.Apply(hidden, weight, targets);
        }

        using var scope = NewDisposeScope();
        var logits = Logits(hidden).to(float32);   // [N, D] -> [N, V]
        return nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor Predict(TokenInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var hidden = Hidden(input.Ids, input.TokenMask);   // [B, T] -> [B, T, D]
        return Logits(hidden);                                   // [B, T, D] -> [B, T, V]
    }

    /// <inheritdoc />
    public override void Describe(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config["tie_word_embeddings"] = !HasOwnHead;
    }

    /// <summary>A cache that fits this model.</summary>
    /// <param name="capacity">The most positions to be stored, prompt included.</param>
    /// <returns>An empty cache, owned by the caller.</returns>
    public KeyValueCache CreateCache(long capacity) => new(LayerCount, capacity);
}
