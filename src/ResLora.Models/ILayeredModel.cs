using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A model whose layers can be run a few at a time, by processes that hold a share of them each.</summary>
public interface ILayeredModel
{
    /// <summary>
    /// Whether a share needs a parameter: those of its layers, the embedding's at the beginning, and those of the last norm and the head at
    /// the end. Tied embedding and head are needed at both ends.
    /// </summary>
    /// <param name="share">The share.</param>
    /// <param name="parameter">The parameter's dotted name, with or without an adapter on the model.</param>
    bool Needs(LayerShare share, string parameter);

    /// <summary>
    /// Runs a share on texts that are padded on the right or packed. It opens nothing for the pass (<see cref="Network.BeginForward"/>):
    /// who runs shares knows what goes over from one to the next.
    /// </summary>
    /// <param name="share">The share, whose weights are there.</param>
    /// <param name="entering">Token ids [B, T] for the first share, else what the share before gave, [B, T, D]; borrowed.</param>
    /// <param name="packed">As for <see cref="CausalLanguageModel.Hidden"/>.</param>
    /// <returns>New tensor [B, T, D], owned by the caller; of the last share the hidden states after the last norm.</returns>
    Tensor Run(LayerShare share, Tensor entering, IReadOnlyList<int>? packed = null);
}
