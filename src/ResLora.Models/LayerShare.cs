namespace ResLora.Models;

/// <summary>Neighbouring layers of a model: what one of several processes holds that share it.</summary>
/// <param name="First">The first of them, from 0.</param>
/// <param name="Count">How many they are, at least 1.</param>
/// <param name="Of">How many the model has.</param>
public sealed record LayerShare(int First, int Count, int Of)
{
    /// <summary>All layers of a model.</summary>
    /// <param name="count">How many it has.</param>
    public static LayerShare All(int count) => new(0, count, count);

    /// <summary>The layer behind them.</summary>
    public int End => First + Count;

    /// <summary>Whether the model begins with them, so that its embedding belongs to them.</summary>
    public bool IsFirst => First == 0;

    /// <summary>Whether the model ends with them, so that its last norm and its head belong to them.</summary>
    public bool IsLast => End == Of;
}
