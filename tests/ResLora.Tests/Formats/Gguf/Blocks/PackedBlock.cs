namespace ResLora.Tests.Formats.Gguf.Blocks;

/// <summary>The bytes of a block, bit by bit, so that a test says where each number lies.</summary>
internal sealed class PackedBlock(int length)
{
    public byte[] Bytes { get; } = new byte[length];

    public PackedBlock Half(int at, float value)
    {
        BitConverter.GetBytes((Half)value).CopyTo(Bytes, at);
        return this;
    }

    /// <summary>Adds the low bits of a number to a byte, at a bit.</summary>
    public PackedBlock Bits(int at, int shift, int value, int count)
    {
        Bytes[at] |= (byte)((value & ((1 << count) - 1)) << shift);
        return this;
    }

    /// <summary>Bits that look random and are the same in every run.</summary>
    public static int[] Numbers(int count, int bits, int seed)
    {
        var state = (uint)seed;
        return [.. Enumerable.Range(0, count).Select(_ => (int)((state = (state * 1664525) + 1013904223) >> 24) & ((1 << bits) - 1))];
    }
}
