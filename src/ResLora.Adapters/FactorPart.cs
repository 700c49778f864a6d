using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>Which slices of a factor are in PEFT's files; the others are 0.</summary>
/// <param name="Dimension">The dimension that is cut.</param>
/// <param name="Indices">The slices that are there, in order.</param>
public sealed record FactorPart(int Dimension, IReadOnlyList<long> Indices)
{
    /// <summary>The part of a factor, or of what has its shape.</summary>
    /// <param name="whole">The factor, borrowed.</param>
    /// <returns>New tensor, owned by the caller.</returns>
    public Tensor Of(Tensor whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        using var indices = tensor(Indices.ToArray(), device: whole.device);
        return whole.index_select(Dimension, indices);
    }

    /// <summary>The shape of the part.</summary>
    internal long[] ShapeOf(long[] whole) => [.. whole.Select((size, dimension) => dimension == Dimension ? Indices.Count : size)];

    /// <summary>Puts a part in its place in a factor; the rest becomes 0.</summary>
    internal void Put(Tensor part, Tensor whole)
    {
        using var indices = tensor(Indices.ToArray(), device: whole.device);
        whole.zero_().index_copy_(Dimension, indices, part);
    }
}
