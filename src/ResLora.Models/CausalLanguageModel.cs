using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Runs one layer, which is a pure function of its input tensors and the model's parameters.</summary>
/// <param name="layer">The layer: takes tensors like <paramref name="inputs"/> (borrowed), returns a new tensor shaped like the first.</param>
/// <param name="inputs">The hidden states [B, T, D], then whatever else the layer reads; borrowed, gone after the forward pass.</param>
/// <returns>New tensor [B, T, D], owned by the caller.</returns>
public delegate Tensor LayerRunner(Func<IReadOnlyList<Tensor>, Tensor> layer, IReadOnlyList<Tensor> inputs);

/// <summary>
/// A decoder that predicts the next token. It knows nothing of adapters: its linear layers are replaceable slots, and two
/// hooks let somebody else open what a forward pass needs and decide how a layer is run.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class CausalLanguageModel(string name) : nn.Module(name)
{
    /// <summary>The number of decoder layers.</summary>
    public abstract int LayerCount { get; }

    /// <summary>V, the number of logits of a position.</summary>
    public abstract long VocabularySize { get; }

    /// <summary>The most positions that the model was made for, in tokens.</summary>
    public abstract int MaxPositions { get; }

    /// <summary>The dtype of weights and activations.</summary>
    public abstract ScalarType DataType { get; }

    /// <summary>The device that the weights are on.</summary>
    public abstract Device Device { get; }

    /// <summary>
    /// Opened at the start of every forward pass with its token mask ([B, T] or null) and disposed at its end; null means
    /// nothing is to be opened. Shortcut adapters use it to give each pass a state of its own.
    /// </summary>
    public Func<Tensor?, IDisposable>? BeginForward { get; set; }

    /// <summary>Runs the decoder layers; null runs each directly. Activation checkpointing takes this place.</summary>
    public LayerRunner? RunLayer { get; set; }

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

    /// <summary>A cache that fits this model.</summary>
    /// <param name="capacity">The most positions to be stored, prompt included.</param>
    /// <returns>An empty cache, owned by the caller.</returns>
    public KeyValueCache CreateCache(long capacity) => new(LayerCount, capacity);
}
