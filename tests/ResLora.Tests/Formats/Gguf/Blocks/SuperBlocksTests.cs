using Xunit;

namespace ResLora.Tests.Formats.Gguf.Blocks;

/// <summary>Blocks packed here number by number, against the formula of each type.</summary>
public sealed class SuperBlocksTests
{
    private const int Length = 256;
    private const float Scale = -0.0625f;
    private const float Least = 0.40625f;

    [Fact]
    public void Unpack_Q2_K_HasAScaleAndALeastForEach16()
    {
        var (numbers, scales, leasts) = (PackedBlock.Numbers(Length, 2, 1), PackedBlock.Numbers(16, 4, 2), PackedBlock.Numbers(16, 4, 3));
        var block = new PackedBlock(84).Half(80, Scale).Half(82, Least);
        for (var group = 0; group < 16; group++)
        {
            block.Bits(group, 0, scales[group], 4).Bits(group, 4, leasts[group], 4);
        }

        TwoBits(block, 16, numbers);

        AssertEqual("Q2_K", block, i => (Scale * scales[i / 16] * numbers[i]) - (Least * leasts[i / 16]));
    }

    [Fact]
    public void Unpack_Q3_K_HasAScaleOfSixBitsForEach16()
    {
        var (numbers, scales) = (PackedBlock.Numbers(Length, 3, 4), PackedBlock.Numbers(16, 6, 5));
        var block = new PackedBlock(110).Half(108, Scale);
        for (var group = 0; group < 16; group++)
        {
            block.Bits(96 + (group % 8), 4 * (group / 8), scales[group], 4).Bits(104 + (group % 4), 2 * (group / 4), scales[group] >> 4, 2);
        }

        TwoBits(block, 32, numbers);
        for (var i = 0; i < Length; i++)
        {
            block.Bits(i % 32, i / 32, numbers[i] >> 2, 1);
        }

        AssertEqual("Q3_K", block, i => Scale * (scales[i / 16] - 32) * (numbers[i] - 4));
    }

    [Fact]
    public void Unpack_Q4_K_HasScalesOfSixBitsForEach32()
    {
        var (numbers, scales, leasts) = (PackedBlock.Numbers(Length, 4, 6), PackedBlock.Numbers(8, 6, 7), PackedBlock.Numbers(8, 6, 8));
        var block = new PackedBlock(144).Half(0, Scale).Half(2, Least);
        SixBits(block, scales, leasts);
        FourBits(block, 16, numbers);

        AssertEqual("Q4_K", block, i => (Scale * scales[i / 32] * numbers[i]) - (Least * leasts[i / 32]));
    }

    [Fact]
    public void Unpack_Q5_K_HasAFifthBit()
    {
        var (numbers, scales, leasts) = (PackedBlock.Numbers(Length, 5, 9), PackedBlock.Numbers(8, 6, 10), PackedBlock.Numbers(8, 6, 11));
        var block = new PackedBlock(176).Half(0, Scale).Half(2, Least);
        SixBits(block, scales, leasts);
        FourBits(block, 48, numbers);
        for (var i = 0; i < Length; i++)
        {
            block.Bits(16 + (i % 32), i / 32, numbers[i] >> 4, 1);
        }

        AssertEqual("Q5_K", block, i => (Scale * scales[i / 32] * numbers[i]) - (Least * leasts[i / 32]));
    }

    [Fact]
    public void Unpack_Q6_K_HasASignedScaleForEach16()
    {
        var (numbers, scales) = (PackedBlock.Numbers(Length, 6, 12), PackedBlock.Numbers(16, 8, 13));
        var block = new PackedBlock(210).Half(208, Scale);
        for (var i = 0; i < Length; i++)
        {
            var (half, row, column) = (i / 128, i / 32 % 4, i % 32);
            block.Bits((64 * half) + (32 * (row % 2)) + column, 4 * (row / 2), numbers[i], 4);
            block.Bits(128 + (32 * half) + column, 2 * row, numbers[i] >> 4, 2);
        }

        for (var group = 0; group < 16; group++)
        {
            block.Bits(192 + group, 0, scales[group], 8);
        }

        AssertEqual("Q6_K", block, i => Scale * (sbyte)scales[i / 16] * (numbers[i] - 32));
    }

    private static void AssertEqual(string name, PackedBlock block, Func<int, float> value) =>
        RowBlocksTests.AssertBits([.. Enumerable.Range(0, Length).Select(value)], RowBlocksTests.Unpacked(name, block.Bytes, Length));

    /// <summary>Each 128 numbers share 32 bytes, of which each 32 have two bits.</summary>
    private static void TwoBits(PackedBlock block, int at, int[] numbers)
    {
        for (var i = 0; i < Length; i++)
        {
            block.Bits(at + (32 * (i / 128)) + (i % 32), 2 * (i / 32 % 4), numbers[i], 2);
        }
    }

    /// <summary>Each 64 numbers share 32 bytes: the first 32 the low halves.</summary>
    private static void FourBits(PackedBlock block, int at, int[] numbers)
    {
        for (var i = 0; i < Length; i++)
        {
            block.Bits(at + (32 * (i / 64)) + (i % 32), 4 * (i / 32 % 2), numbers[i], 4);
        }
    }

    /// <summary>Scales 0 to 3 and leasts 0 to 3 lie whole in eight bytes; of the rest four bits in the last four and two above
    /// those.</summary>
    private static void SixBits(PackedBlock block, int[] scales, int[] leasts)
    {
        for (var group = 0; group < 4; group++)
        {
            block.Bits(4 + group, 0, scales[group], 6).Bits(8 + group, 0, leasts[group], 6);
            block.Bits(12 + group, 0, scales[group + 4], 4).Bits(12 + group, 4, leasts[group + 4], 4);
            block.Bits(4 + group, 6, scales[group + 4] >> 4, 2).Bits(8 + group, 6, leasts[group + 4] >> 4, 2);
        }
    }
}
