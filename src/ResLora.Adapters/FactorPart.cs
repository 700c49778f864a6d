namespace ResLora.Adapters;

/// <summary>Which slices of a factor are in PEFT's files; the others are 0.</summary>
/// <param name="Dimension">The dimension that is cut.</param>
/// <param name="Indices">The slices that are there, in order.</param>
internal sealed record FactorPart(int Dimension, long[] Indices)
{
    /// <summary>The shape of what is stored of a factor.</summary>
    public long[] ShapeOf(long[] whole) => [.. whole.Select((size, dimension) => dimension == Dimension ? Indices.Length : size)];
}
