using static TorchSharp.torch;

namespace ResLora.Models.Bert;

/// <summary>Scores of the tokens that may stand where a masked one is; the output matrix is the word embedding.</summary>
internal interface ITokenHead
{
    /// <summary>The scores.</summary>
    /// <param name="hidden">[..., D], borrowed.</param>
    /// <param name="words">The word embedding [V, D], borrowed.</param>
    /// <returns>New tensor [..., V], owned by the caller.</returns>
    Tensor Forward(Tensor hidden, Tensor words);
}
