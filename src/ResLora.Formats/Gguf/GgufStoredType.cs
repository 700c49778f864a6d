using ResLora.Formats.Gguf.Blocks;

namespace ResLora.Formats.Gguf;

/// <summary>An element type of the format.</summary>
/// <param name="Name">ggml's name.</param>
/// <param name="GroupLength">Numbers that are stored together.</param>
/// <param name="GroupBytes">The bytes that they take.</param>
public sealed record GgufStoredType(string Name, int GroupLength, int GroupBytes)
{
    private const int Row = 32;      // numbers in a block of the older types
    private const int Super = 256;   // numbers in a block of the K and I types

    // Lengths and sizes by ggml's common header. The numbers between were types once and are no longer written.
    private static readonly Dictionary<uint, GgufStoredType> _byNumber = new()
    {
        [0] = new("F32", 1, 4),
        [1] = new("F16", 1, 2),
        [2] = new("Q4_0", Row, 18) { Unpack = RowBlocks.Q4_0 },
        [3] = new("Q4_1", Row, 20) { Unpack = RowBlocks.Q4_1 },
        [6] = new("Q5_0", Row, 22) { Unpack = RowBlocks.Q5_0 },
        [7] = new("Q5_1", Row, 24) { Unpack = RowBlocks.Q5_1 },
        [8] = new("Q8_0", Row, 34) { Unpack = RowBlocks.Q8_0 },
        [9] = new("Q8_1", Row, 36),
        [10] = new("Q2_K", Super, 84) { Unpack = SuperBlocks.Q2_K },
        [11] = new("Q3_K", Super, 110) { Unpack = SuperBlocks.Q3_K },
        [12] = new("Q4_K", Super, 144) { Unpack = SuperBlocks.Q4_K },
        [13] = new("Q5_K", Super, 176) { Unpack = SuperBlocks.Q5_K },
        [14] = new("Q6_K", Super, 210) { Unpack = SuperBlocks.Q6_K },
        [15] = new("Q8_K", Super, 292),
        [16] = new("IQ2_XXS", Super, 66),
        [17] = new("IQ2_XS", Super, 74),
        [18] = new("IQ3_XXS", Super, 98),
        [19] = new("IQ1_S", Super, 50),
        [20] = new("IQ4_NL", Row, 18) { Unpack = RowBlocks.IQ4_NL },
        [21] = new("IQ3_S", Super, 110),
        [22] = new("IQ2_S", Super, 82),
        [23] = new("IQ4_XS", Super, 136),
        [24] = new("I8", 1, 1),
        [25] = new("I16", 1, 2),
        [26] = new("I32", 1, 4),
        [27] = new("I64", 1, 8),
        [28] = new("F64", 1, 8),
        [29] = new("IQ1_M", Super, 56),
        [30] = new("BF16", 1, 2),
        [34] = new("TQ1_0", Super, 54),
        [35] = new("TQ2_0", Super, 66),
        [39] = new("MXFP4", Row, 17),
        [40] = new("NVFP4", 64, 36),
        [41] = new("Q1_0", 128, 18),
    };

    /// <summary>The names of the types whose values can be read, for messages.</summary>
    public static string ReadableNames { get; } = string.Join(
        ", ", _byNumber.Values.Where(type => type.IsReadable).Select(type => type.Name));

    /// <summary>Makes float32 of a block; null for a type that is no block, or that is listed and not read.</summary>
    public BlockUnpacker? Unpack { get; private init; }

    /// <summary>Whether values of this type can be read; the others are listed with shape and size.</summary>
    public bool IsReadable => Unpack is not null || Name is "F32" or "F16" or "BF16";

    /// <summary>The type with a name that is known to exist.</summary>
    /// <param name="name">The name, from an entry.</param>
    /// <returns>The type.</returns>
    public static GgufStoredType Named(string name) => _byNumber.Values.First(type => type.Name == name);

    /// <summary>The type with a number, or null.</summary>
    internal static GgufStoredType? Find(uint number) => _byNumber.GetValueOrDefault(number);
}
