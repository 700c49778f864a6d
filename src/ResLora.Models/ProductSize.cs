using System.Numerics;

namespace ResLora.Models;

/// <summary>
/// The sizes that batches are filled up to. libtorch compiles every bfloat16 product for its exact shape, which takes some tenths of a
/// millisecond and some hundred kilobytes, and keeps what it compiled: batches of any length would compile in almost every step.
/// </summary>
public static class ProductSize
{
    /// <summary>Products of odd heights are up to a tenth slower than those of a multiple of this.</summary>
    private const int Unit = 16;

    /// <summary>How many sizes there are between a power of two and the next.</summary>
    private const int Steps = 32;

    /// <summary>
    /// The next size: a multiple of 16, and from 1,024 on of a 32nd of the power of two below, so at most 3 % more than asked for.
    /// </summary>
    /// <param name="count">How many rows there are, 0 or more.</param>
    /// <returns>How many rows a product should have.</returns>
    public static int RoundUp(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var unit = Math.Max(Unit, (1 << BitOperations.Log2((uint)count)) / Steps);
        return (count + unit - 1) / unit * unit;
    }
}
