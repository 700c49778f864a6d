using System.Text.Json.Nodes;
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
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    public abstract Tensor Hidden(Tensor inputIds, Tensor? tokenMask = null, KeyValueCache? cache = null, bool rightPadded = false);

    /// <summary>Scores of the next token.</summary>
    /// <param name="hidden">[..., D] hidden states after the last norm, borrowed.</param>
    /// <returns>New tensor [..., V] in the model's dtype, owned by the caller.</returns>
    public abstract Tensor Logits(Tensor hidden);

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
        config["tie_word_embeddings"] = !named_modules().Any(m => m.name == "lm_head");
    }

    /// <summary>A cache that fits this model.</summary>
    /// <param name="capacity">The most positions to be stored, prompt included.</param>
    /// <returns>An empty cache, owned by the caller.</returns>
    public KeyValueCache CreateCache(long capacity) => new(LayerCount, capacity);
}
