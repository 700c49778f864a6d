namespace WordProblems;

/// <summary>
/// SplitMix64: eight bytes of state and the same numbers on every runtime, so that the committed files can be made again
/// (System.Random promises no such thing between versions).
/// </summary>
/// <param name="seed">Where the sequence starts.</param>
public sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Mixes the bits of a number so that near inputs give unrelated outputs.</summary>
    /// <param name="value">Any number.</param>
    /// <returns>The mixed number; the same input always gives the same output.</returns>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>A whole number between two bounds.</summary>
    /// <param name="low">The smallest result.</param>
    /// <param name="high">The largest result, at least <paramref name="low"/>.</param>
    /// <returns>A number in [low, high].</returns>
    public int Between(int low, int high)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(high, low);
        return low + (int)(Next() % (ulong)(high - low + 1));
    }

    /// <summary>One element of a list, each equally likely.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="choices">The list, not empty.</param>
    /// <returns>The element drawn.</returns>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Between(0, choices.Count - 1)];

    /// <summary>True with a chance given in percent.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <returns>Whether it happened.</returns>
    public bool Chance(int percent) => Between(1, 100) <= percent;

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }
}
