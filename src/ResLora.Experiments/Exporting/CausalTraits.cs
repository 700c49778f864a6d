using ResLora.Models;

namespace ResLora.Experiments.Exporting;

/// <summary>What exports tell of a model that continues texts.</summary>
/// <param name="HasOwnHead">Whether its output head is a matrix of its own, and not the embedding.</param>
/// <param name="MaxPositions">The most positions that it was made for, in tokens.</param>
/// <param name="ShortestWindow">The fewest tokens that a layer looks back over; null when all see the whole text.</param>
public sealed record CausalTraits(bool HasOwnHead, int MaxPositions, int? ShortestWindow)
{
    /// <summary>The traits of a model.</summary>
    /// <param name="model">The model, with its adapter; its weights may be on the meta device.</param>
    /// <returns>The traits, or null when it does not continue texts.</returns>
    public static CausalTraits? Of(Network model) =>
        model is CausalLanguageModel causal ? new(causal.HasOwnHead, causal.MaxPositions, causal.ShortestWindow) : null;
}
