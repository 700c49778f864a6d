using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResLora.Formats.Gguf.Blocks;

/// <summary>Blocks of 32 numbers: a scale d in float16, in some types a least value m, then the numbers q of 4, 5 or 8 bits.</summary>
// Whole models are unpacked before the runtime would have got round to compile these methods again: they are compiled well at once.
internal static class RowBlocks
{
    private const int Half = Lanes.Count;
    private const byte FifthBit = 0x10;

    // The 16 levels of IQ4_NL, which lie closer to each other around zero.
    private static readonly Vector128<sbyte> _levels =
        Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    /// <summary>x = d · (q − 8). The low halves of the bytes are the first 16 numbers, the high halves the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q4_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var packed = Lanes.Of(block, 2);
        var (factor, middle) = (Vector512.Create(scale), Vector512.Create(8f));
        ((Lanes.Numbers(Lanes.Low(packed)) - middle) * factor).CopyTo(numbers);
        ((Lanes.Numbers(Lanes.High(packed)) - middle) * factor).CopyTo(numbers[Half..]);
        return float.IsFinite(scale);
    }

    /// <summary>x = d · q + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q4_1(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least) = (Scale(block), Scale(block[2..]));
        var packed = Lanes.Of(block, 4);
        var (factor, offset) = (Vector512.Create(scale), Vector512.Create(least));
        ((Lanes.Numbers(Lanes.Low(packed)) * factor) + offset).CopyTo(numbers);
        ((Lanes.Numbers(Lanes.High(packed)) * factor) + offset).CopyTo(numbers[Half..]);
        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · (q − 16); the fifth bit of number i is bit i of the four bytes behind the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q5_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var (first, last) = FiveBits(block, 2);
        var (factor, middle) = (Vector512.Create(scale), Vector512.Create(16f));
        ((Lanes.Numbers(first) - middle) * factor).CopyTo(numbers);
        ((Lanes.Numbers(last) - middle) * factor).CopyTo(numbers[Half..]);
        return float.IsFinite(scale);
    }

    /// <summary>x = d · q + m, with the fifth bits as in Q5_0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q5_1(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least) = (Scale(block), Scale(block[2..]));
        var (first, last) = FiveBits(block, 4);
        var (factor, offset) = (Vector512.Create(scale), Vector512.Create(least));
        ((Lanes.Numbers(first) * factor) + offset).CopyTo(numbers);
        ((Lanes.Numbers(last) * factor) + offset).CopyTo(numbers[Half..]);
        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · q, with q a signed byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q8_0(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var factor = Vector512.Create(scale);
        (Lanes.Numbers(Lanes.Of(block, 2).AsSByte()) * factor).CopyTo(numbers);
        (Lanes.Numbers(Lanes.Of(block, 2 + Half).AsSByte()) * factor).CopyTo(numbers[Half..]);
        return float.IsFinite(scale);
    }

    /// <summary>x = d · level(q), with the halves of the bytes as in Q4_0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IQ4_NL(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Scale(block);
        var packed = Lanes.Of(block, 2);
        var factor = Vector512.Create(scale);
        (Lanes.Numbers(Vector128.Shuffle(_levels, Lanes.Low(packed).AsSByte())) * factor).CopyTo(numbers);
        (Lanes.Numbers(Vector128.Shuffle(_levels, Lanes.High(packed).AsSByte())) * factor).CopyTo(numbers[Half..]);
        return float.IsFinite(scale);
    }

    private static float Scale(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    /// <summary>The two halves of 32 numbers of 5 bits: four bytes with the fifth bits, then 16 with the lower ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<byte> First, Vector128<byte> Last) FiveBits(ReadOnlySpan<byte> block, int start)
    {
        var high = BinaryPrimitives.ReadUInt32LittleEndian(block[start..]);
        var packed = Lanes.Of(block, start + 4);
        return (
            Lanes.Low(packed) | Lanes.Where((ushort)high, FifthBit), Lanes.High(packed) | Lanes.Where((ushort)(high >> Half), FifthBit));
    }
}
