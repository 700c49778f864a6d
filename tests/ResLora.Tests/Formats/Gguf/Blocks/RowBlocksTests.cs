using ResLora.Formats.Gguf;
using Xunit;

namespace ResLora.Tests.Formats.Gguf.Blocks;

public sealed class RowBlocksTests
{
    private const float Scale = -0.75f;
    private const float Least = 0.3125f;

    private static readonly float[] _levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    [Fact]
    public void Unpack_Q4_0_IsScaleTimesNumberLessEight() =>
        AssertEqual("Q4_0", FourBits(new PackedBlock(18).Half(0, Scale), 2), q => (q - 8) * Scale);

    [Fact]
    public void Unpack_Q4_1_IsScaleTimesNumberAndLeast() =>
        AssertEqual("Q4_1", FourBits(new PackedBlock(20).Half(0, Scale).Half(2, Least), 4), q => (q * Scale) + Least);

    [Fact]
    public void Unpack_Q5_0_HasAFifthBit() =>
        AssertEqual("Q5_0", FiveBits(new PackedBlock(22).Half(0, Scale), 2), q => (q - 16) * Scale, 5);

    [Fact]
    public void Unpack_Q5_1_HasAFifthBitAndLeast() =>
        AssertEqual("Q5_1", FiveBits(new PackedBlock(24).Half(0, Scale).Half(2, Least), 4), q => (q * Scale) + Least, 5);

    [Fact]
    public void Unpack_IQ4_NL_IsScaleTimesLevel() =>
        AssertEqual("IQ4_NL", FourBits(new PackedBlock(18).Half(0, Scale), 2), q => Scale * _levels[q]);

    [Fact]
    public void Unpack_Q8_0_IsScaleTimesSignedByte()
    {
        var numbers = PackedBlock.Numbers(32, 8, seed: 5);
        var block = new PackedBlock(34).Half(0, Scale);
        foreach (var (i, q) in numbers.Index())
        {
            block.Bits(2 + i, 0, q, 8);
        }

        AssertBits([.. numbers.Select(q => (sbyte)q * Scale)], Unpacked("Q8_0", block.Bytes, 32));
    }

    [Fact]
    public void Unpack_ZeroOfANegativeScale_IsMinusZero()
    {
        var block = new PackedBlock(18).Half(0, -1);
        Array.Fill(block.Bytes, (byte)0x88, 2, 16);

        Assert.All(Unpacked("Q4_0", block.Bytes, 32), number => Assert.True(float.IsNegative(number) && number == 0));
    }

    [Theory]
    [InlineData("Q4_0", 0)]
    [InlineData("Q4_1", 2)]
    [InlineData("Q5_0", 0)]
    [InlineData("Q5_1", 2)]
    [InlineData("Q8_0", 0)]
    [InlineData("IQ4_NL", 0)]
    [InlineData("Q2_K", 80)]
    [InlineData("Q3_K", 108)]
    [InlineData("Q4_K", 2)]
    [InlineData("Q5_K", 0)]
    [InlineData("Q6_K", 208)]
    public void Unpack_ScaleThatIsNoNumber_SaysSo(string name, int at)
    {
        var type = GgufStoredType.Named(name);
        var numbers = new float[type.GroupLength];

        Assert.True(type.Unpack!(new byte[type.GroupBytes], numbers));
        Assert.False(type.Unpack!(new PackedBlock(type.GroupBytes).Half(at, float.NaN).Bytes, numbers));
        Assert.False(type.Unpack!(new PackedBlock(type.GroupBytes).Half(at, float.PositiveInfinity).Bytes, numbers));
    }

    internal static float[] Unpacked(string name, byte[] block, int count)
    {
        var numbers = new float[count];
        Assert.True(GgufStoredType.Named(name).Unpack!(block, numbers));
        return numbers;
    }

    /// <summary>Equal to the bit, so that zeros of both signs differ.</summary>
    internal static void AssertBits(float[] expected, float[] got) =>
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), got.Select(BitConverter.SingleToInt32Bits));

    private static void AssertEqual(string name, PackedBlock block, Func<int, float> value, int bits = 4) =>
        AssertBits([.. PackedBlock.Numbers(32, bits, seed: 3).Select(value)], Unpacked(name, block.Bytes, 32));

    /// <summary>Number i is in the low half of byte i, number 16 + i in its high half.</summary>
    private static PackedBlock FourBits(PackedBlock block, int at) => Nibbles(block, at, PackedBlock.Numbers(32, 4, seed: 3));

    private static PackedBlock FiveBits(PackedBlock block, int at)
    {
        var numbers = PackedBlock.Numbers(32, 5, seed: 3);
        foreach (var (i, q) in numbers.Index())
        {
            block.Bits(at + (i / 8), i % 8, q >> 4, 1);
        }

        return Nibbles(block, at + 4, numbers);
    }

    private static PackedBlock Nibbles(PackedBlock block, int at, int[] numbers)
    {
        foreach (var (i, q) in numbers.Index())
        {
            block.Bits(at + (i % 16), 4 * (i / 16), q, 4);
        }

        return block;
    }
}
