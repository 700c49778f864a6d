using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResLora.Formats.Gguf.Blocks;

/// <summary>Sixteen small whole numbers at once. On a processor without such wide registers the runtime takes narrower ones.</summary>
internal static class Lanes
{
    /// <summary>How many numbers go together.</summary>
    public const int Count = 16;

    private static readonly Vector128<byte> _bitOfLane = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
    private static readonly Vector128<byte> _byteOfLane = Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);

    /// <summary>The bytes that begin at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ReadOnlySpan<byte> bytes, int start) => Vector128.Create(bytes.Slice(start, Count));

    /// <summary>The low four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Low(Vector128<byte> bytes) => bytes & Vector128.Create((byte)0x0F);

    /// <summary>The high four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> bytes) => bytes >>> 4;

    /// <summary>A value where a bit of 16 is set, bit i for number i, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Where(ushort bits, byte value)
    {
        var spread = Vector128.Shuffle(Vector128.Create(bits).AsByte(), _byteOfLane);
        return Vector128.Equals(spread & _bitOfLane, _bitOfLane) & Vector128.Create(value);
    }

    /// <summary>Numbers from 0 to 255 as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Numbers(Vector128<byte> bytes)
    {
        var words = Vector256.WidenLower(bytes.ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(words.ToVector512Unsafe()).AsInt32());
    }

    /// <summary>Numbers from -128 to 127 as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Numbers(Vector128<sbyte> bytes)
    {
        var words = Vector256.WidenLower(bytes.ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(words.ToVector512Unsafe()));
    }
}
