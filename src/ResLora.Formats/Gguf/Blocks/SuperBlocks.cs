using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResLora.Formats.Gguf.Blocks;

/// <summary>
/// Blocks of 256 numbers in groups of 16 or 32; the scales (and least values) of the groups are small whole numbers, which one float16 (or
/// two) of the block multiplies.
/// </summary>
// Whole models are unpacked before the runtime would have got round to compile these methods again: they are compiled well at once.
internal static class SuperBlocks
{
    private const int Length = 256;
    private const int FourBits = 0x0F;
    private const byte TwoBits = 3;

    /// <summary>x = d · s · q − e · m for each group of 16: q of 2 bits, s and m of 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q2_K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scales = block[..16];
        var packed = block.Slice(16, 64);
        var twoBits = Vector128.Create(TwoBits);
        var (scale, least) = (Half(block[80..]), Half(block[82..]));
        for (var group = 0; group < scales.Length; group++)
        {
            var (step, offset) = (Vector512.Create(scale * (scales[group] & FourBits)), Vector512.Create(least * (scales[group] >> 4)));
            var (from, shift) = PlaceOf(group);
            ((Lanes.Numbers((Lanes.Of(packed, from) >>> shift) & twoBits) * step) - offset).CopyTo(numbers[(16 * group)..]);
        }

        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · (s − 32) · (q − 4 where the high bit is missing) for each group of 16: q of 2 bits and one apart, s of 6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q3_K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var high = block[..32];
        var packed = block.Slice(32, 64);
        var (twoBits, without) = (Vector128.Create(TwoBits), Vector128.Create((byte)4));
        var scale = Half(block[108..]);
        Span<byte> scales = stackalloc byte[16];
        SixBits(block.Slice(96, 12), scales);
        for (var group = 0; group < scales.Length; group++)
        {
            var step = Vector512.Create(scale * (scales[group] - 32));
            var (from, shift) = PlaceOf(group);
            var bit = Vector128.Create((byte)(1 << (group / 2)));
            var missing = Vector128.AndNot(without, Vector128.Equals(Lanes.Of(high, 16 * (group % 2)) & bit, bit));
            var number = ((Lanes.Of(packed, from) >>> shift) & twoBits) - missing;
            (Lanes.Numbers(number.AsSByte()) * step).CopyTo(numbers[(16 * group)..]);
        }

        return float.IsFinite(scale);
    }

    /// <summary>x = d · s · q − e · m for each group of 32: q of 4 bits, s and m of 6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q4_K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least) = (Half(block), Half(block[2..]));
        var scales = block.Slice(4, 12);
        var packed = block[16..];
        for (var group = 0; group < 8; group++)
        {
            var (factor, minimum) = ScaleAndLeast(scales, group);
            var (step, offset) = (Vector512.Create(scale * factor), Vector512.Create(least * minimum));
            for (var i = 0; i < 32; i += Lanes.Count)
            {
                var part = Lanes.Of(packed, (32 * (group / 2)) + i);
                var low = group % 2 == 0 ? Lanes.Low(part) : Lanes.High(part);
                ((Lanes.Numbers(low) * step) - offset).CopyTo(numbers[((32 * group) + i)..]);
            }
        }

        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>As Q4_K with a fifth bit of q: bit g of byte i for number i of group g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q5_K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var (scale, least) = (Half(block), Half(block[2..]));
        var scales = block.Slice(4, 12);
        var high = block.Slice(16, 32);
        var packed = block[48..];
        for (var group = 0; group < 8; group++)
        {
            var (factor, minimum) = ScaleAndLeast(scales, group);
            var (step, offset) = (Vector512.Create(scale * factor), Vector512.Create(least * minimum));
            for (var i = 0; i < 32; i += Lanes.Count)
            {
                var part = Lanes.Of(packed, (32 * (group / 2)) + i);
                var low = group % 2 == 0 ? Lanes.Low(part) : Lanes.High(part);
                var fifth = ((Lanes.Of(high, i) >>> group) & Vector128<byte>.One) << 4;
                ((Lanes.Numbers(low | fifth) * step) - offset).CopyTo(numbers[((32 * group) + i)..]);
            }
        }

        return float.IsFinite(scale) && float.IsFinite(least);
    }

    /// <summary>x = d · s · (q − 32) for each group of 16: q of 4 bits and two apart, s a signed byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Q6_K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var low = block[..128];
        var high = block.Slice(128, 64);
        var scales = block.Slice(192, 16);
        var scale = Half(block[208..]);
        var (twoBits, middle) = (Vector128.Create(TwoBits), Vector512.Create(32f));
        for (var start = 0; start < Length; start += 32)
        {
            // Each 128 numbers share 64 low and 32 high bytes: the four rows of 32 take turns in them.
            var (half, row) = (start / 128, start / 32 % 4);
            for (var i = 0; i < 32; i += Lanes.Count)
            {
                var part = Lanes.Of(low, (64 * half) + (32 * (row % 2)) + i);
                var top = (Lanes.Of(high, (32 * half) + i) >>> (2 * row)) & twoBits;
                var number = (row < 2 ? Lanes.Low(part) : Lanes.High(part)) | (top << 4);
                var step = scale * (sbyte)scales[(start + i) / Lanes.Count];
                ((Lanes.Numbers(number) - middle) * Vector512.Create(step)).CopyTo(numbers[(start + i)..]);
            }
        }

        return float.IsFinite(scale);
    }

    /// <summary>Where a group of 16 has its 2-bit numbers: each 128 share 32 bytes, and the groups take turns in them.</summary>
    private static (int From, int Shift) PlaceOf(int group) => ((32 * (group / 8)) + (16 * (group % 2)), group / 2 % 4 * 2);

    /// <summary>Sixteen scales of 6 bits out of 12 bytes: 4 bits each in the first eight bytes, 2 bits each in the last four.</summary>
    private static void SixBits(ReadOnlySpan<byte> packed, Span<byte> scales)
    {
        for (var i = 0; i < scales.Length; i++)
        {
            var low = i < 8 ? packed[i] & FourBits : packed[i - 8] >> 4;
            scales[i] = (byte)(low | (((packed[8 + (i % 4)] >> (2 * (i / 4))) & 3) << 4));
        }
    }

    /// <summary>Scale and least value of 6 bits each of one of eight groups, out of 12 bytes.</summary>
    private static (int Scale, int Least) ScaleAndLeast(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & FourBits) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
