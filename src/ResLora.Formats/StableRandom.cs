namespace ResLora.Formats;

/// <summary>
/// SplitMix64. System.Random may change between versions of the runtime, and a resumed run must see the data in the order it began with.
/// </summary>
/// <param name="seed">Where the sequence starts.</param>
public sealed class StableRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Shuffles in place, each order equally likely (Fisher-Yates).</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="items">What to shuffle.</param>
    /// <param name="seed">The seed; the same seed gives the same order.</param>
    public static void Shuffle<T>(T[] items, ulong seed)
    {
        var random = new StableRandom(seed);
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)(random.Next() % (ulong)(i + 1));
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The next random number.</summary>
    /// <returns>0 up to but not including 1.</returns>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>The next 64 random bits.</summary>
    /// <returns>Any value, each equally likely.</returns>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var value = _state;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
