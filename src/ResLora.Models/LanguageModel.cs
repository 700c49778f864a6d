using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Runs one layer, which is a pure function of its input tensors and the model's parameters.</summary>
/// <param name="layer">The layer: takes tensors like <paramref name="inputs"/> (borrowed), returns a new tensor shaped like the
/// first.</param>
/// <param name="inputs">The hidden states [B, T, D], then whatever else the layer reads; borrowed, gone after the forward pass.</param>
/// <returns>New tensor [B, T, D], owned by the caller.</returns>
public delegate Tensor LayerRunner(Func<IReadOnlyList<Tensor>, Tensor> layer, IReadOnlyList<Tensor> inputs);

/// <summary>
/// What every network has, whatever it predicts. It knows nothing of adapters: its linear layers are replaceable slots, and two
/// hooks let somebody else open what a forward pass needs and decide how a layer is run.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class LanguageModel(string name) : Network(name)
{
    /// <summary>The number of layers.</summary>
    public abstract int LayerCount { get; }

    /// <summary>V, the number of tokens that it knows.</summary>
    public abstract long VocabularySize { get; }

    /// <summary>The most positions that the model was made for, in tokens.</summary>
    public abstract int MaxPositions { get; }

    /// <summary>The dtype of weights and activations.</summary>
    public abstract ScalarType DataType { get; }

    /// <summary>The device that the weights are on.</summary>
    public abstract Device Device { get; }

    /// <summary>
    /// The modules that belong to the task and not to the base model: trained whole and saved with an adapter. Dotted names.
    /// </summary>
    public virtual IReadOnlyList<string> HeadModules => [];

    /// <summary>
    /// The linear layers that an adapter goes on where nobody names any: the projections of queries and values, as in the paper on LoRA.
    /// Last parts of names.
    /// </summary>
    public abstract IReadOnlyList<string> UsualTargets { get; }

    /// <summary>
    /// Opened at the start of every forward pass with its token mask ([B, T] or null) and disposed at its end; null means
    /// nothing is to be opened. Shortcut adapters use it to give each pass a state of its own.
    /// </summary>
    public Func<Tensor?, IDisposable>? BeginForward { get; set; }

    /// <summary>Runs the layers; null runs each directly. Activation checkpointing takes this place.</summary>
    public LayerRunner? RunLayer { get; set; }

    /// <summary>All that the model predicts for a batch.</summary>
    /// <param name="input">The tokens, borrowed.</param>
    /// <returns>
    /// New tensor, owned by the caller: [B, T, V] scores of tokens, or [B, N] scores of the N labels (of a regression: [B, 1] the value).
    /// </returns>
    public abstract Tensor Predict(TokenInput input);

    /// <summary>Sets right what a configuration says of this network's head; everything else in it is left alone.</summary>
    /// <param name="config">The content of config.json, which is changed.</param>
    public abstract void Describe(JsonObject config);
}
