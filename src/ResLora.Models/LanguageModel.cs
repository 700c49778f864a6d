using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network that reads tokens, whatever it predicts.</summary>
/// <param name="name">The module's name.</param>
public abstract class LanguageModel(string name) : Network(name)
{
    /// <summary>V, the number of tokens that it knows.</summary>
    public abstract long VocabularySize { get; }

    /// <summary>The most positions that the model was made for, in tokens.</summary>
    public abstract int MaxPositions { get; }

    /// <summary>All that the model predicts for a batch.</summary>
    /// <param name="input">The tokens, borrowed.</param>
    /// <returns>
    /// New tensor, owned by the caller: [B, T, V] scores of tokens, or [B, N] scores of the N labels (of a regression: [B, 1] the value).
    /// </returns>
    public abstract Tensor Predict(TokenInput input);
}
