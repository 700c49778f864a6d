using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ResLora.Formats.Gguf.Blocks;

/// <summary>Blocks of 32 numbers: a scale d in float16, in some types a least value m, then the numbers q of 4, 5 or 8 bits.</summary>
// Whole models are unpacked before the runtime would have got round to compile these methods again: they are compiled well at once.
internal static class RowBlocks
{
    private const int Half = 16;
    private const int FourBits = 0x0F;
    private const int FifthBit = 0x10;

    // The 16 levels of IQ4_NL, which lie closer to each other around zero.
    private static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>x = d · (q − 8). The low halves of the bytes are the first 16 numbers, the high halves the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q4_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var packed = block.Slice(2, Half);
        var first = numbers[..Half];
        var last = numbers.Slice(Half, Half);
        for (var i = 0; i < packed.Length; i++)
        {
            first[i] = ((packed[i] & FourBits) - 8) * scale;
            last[i] = ((packed[i] >> 4) - 8) * scale;
        }

        return float.IsFinite(scale);
    }

    /// <summary>x = d · q + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q4_1(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least) = (Scale(block), Scale(block[2..]));
        var packed = block.Slice(4, Half);
        var first = numbers[..Half];
        var last = numbers.Slice(Half, Half);
        for (var i = 0; i < packed.Length; i++)
        {
            first[i] = ((packed[i] & FourBits) * scale) + least;
            last[i] = ((packed[i] >> 4) * scale) + least;
        }

        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · (q − 16); the fifth bit of number i is bit i of the four bytes behind the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q5_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, high) = (Scale(block), BinaryPrimitives.ReadUInt32LittleEndian(block[2..]));
        var packed = block.Slice(6, Half);
        var first = numbers[..Half];
        var last = numbers.Slice(Half, Half);
        for (var i = 0; i < packed.Length; i++)
        {
            first[i] = (((packed[i] & FourBits) | Fifth(high, i)) - 16) * scale;
            last[i] = (((packed[i] >> 4) | Fifth(high, i + Half)) - 16) * scale;
        }

        return float.IsFinite(scale);
    }

    /// <summary>x = d · q + m, with the fifth bits as in Q5_0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q5_1(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least, high) = (Scale(block), Scale(block[2..]), BinaryPrimitives.ReadUInt32LittleEndian(block[4..]));
        var packed = block.Slice(8, Half);
        var first = numbers[..Half];
        var last = numbers.Slice(Half, Half);
        for (var i = 0; i < packed.Length; i++)
        {
            first[i] = (((packed[i] & FourBits) | Fifth(high, i)) * scale) + least;
            last[i] = (((packed[i] >> 4) | Fifth(high, i + Half)) * scale) + least;
        }

        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · q, with q a signed byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q8_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var packed = block.Slice(2, 2 * Half);
        for (var i = 0; i < packed.Length; i++)
        {
            numbers[i] = (sbyte)packed[i] * scale;
        }

        return float.IsFinite(scale);
    }

    /// <summary>x = d · level(q), with the halves of the bytes as in Q4_0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IQ4_NL(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var packed = block.Slice(2, Half);
        var first = numbers[..Half];
        var last = numbers.Slice(Half, Half);
        for (var i = 0; i < packed.Length; i++)
        {
            first[i] = scale * Levels[packed[i] & FourBits];
            last[i] = scale * Levels[packed[i] >> 4];
        }

        return float.IsFinite(scale);
    }

    private static float Scale(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    private static int Fifth(uint high, int number) => (int)(high >> number << 4) & FifthBit;
}
