using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network that reads the prompts of a text-to-image model, which makes pictures from its hidden states.</summary>
/// <param name="name">The module's name.</param>
public abstract class PromptEncoder(string name) : Network(name)
{
    /// <summary>The most tokens of a text, those around it and those that fill it up included.</summary>
    public abstract int MaxTokens { get; }

    /// <summary>V, the number of tokens that it knows: ids are from 0 to V - 1.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>D, the width of the hidden states.</summary>
    public abstract int HiddenSize { get; }

    /// <summary>The hidden states of texts, behind the last norm.</summary>
    /// <param name="ids">[B, T] int64 ids, padding included, which is seen like any token; borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    /// <exception cref="ConfigException">The texts are longer than the model's positions.</exception>
    public abstract Tensor Forward(Tensor ids);

    /// <summary>What is known of each text as a whole.</summary>
    /// <param name="hidden">[B, T, D] from <see cref="Forward"/>; borrowed.</param>
    /// <param name="ids">[B, T], the same ids; borrowed.</param>
    /// <returns>New tensor [B, D], owned by the caller.</returns>
    public abstract Tensor Pooled(Tensor hidden, Tensor ids);
}
