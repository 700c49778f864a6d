using System.Buffers.Binary;
using System.Text;

namespace ResLora.Tests.Tensors.NativeRuntime;

/// <summary>
/// A 64-bit little-endian shared object just large enough to have a table of needed versions: one file with two
/// versions. It has no section headers, and its segment's address differs from its offset, as in real libraries.
/// </summary>
internal static class SyntheticElf
{
    public const string Version = "LIB_2.0";
    public const int WantedFlags = Needs + 16 + 16 + 4;

    private const int Dynamic = 64 + (2 * 56);
    private const int Needs = Dynamic + (5 * 16);
    private const int Strings = Needs + (3 * 16);
    private const ulong Base = 0x40000;

    public static byte[] Build(ushort flags = 0)
    {
        var strings = Encoding.ASCII.GetBytes("\0libx.so\0LIB_1.0\0LIB_2.0\0LIB_2.0.1\0");
        var image = new byte[Strings + strings.Length];
        byte[] magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        magic.CopyTo(image, 0);
        U64(image, 32, 64);
        U16(image, 54, 56);
        U16(image, 56, 2);
        Segment(image, 64, type: 1, 0, (ulong)image.Length);
        Segment(image, 64 + 56, type: 2, Dynamic, 5 * 16);
        Tag(image, 0, 5, Base + Strings);
        Tag(image, 1, 10, (ulong)strings.Length);
        Tag(image, 2, 0x6ffffffe, Base + Needs);
        Tag(image, 3, 0x6fffffff, 1);
        U16(image, Needs, 1);
        U16(image, Needs + 2, 2);
        U32(image, Needs + 4, 1);
        U32(image, Needs + 8, 16);
        Need(image, Needs + 16, flags: 0, name: 9, next: 16);
        Need(image, Needs + 32, flags, name: 17, next: 0);
        strings.CopyTo(image, Strings);
        return image;
    }

    private static void Segment(byte[] image, int at, uint type, ulong offset, ulong size)
    {
        U32(image, at, type);
        U64(image, at + 8, offset);
        U64(image, at + 16, Base + offset);
        U64(image, at + 32, size);
    }

    private static void Tag(byte[] image, int index, ulong tag, ulong value)
    {
        U64(image, Dynamic + (index * 16), tag);
        U64(image, Dynamic + (index * 16) + 8, value);
    }

    private static void Need(byte[] image, int at, ushort flags, uint name, uint next)
    {
        U16(image, at + 4, flags);
        U16(image, at + 6, 3);
        U32(image, at + 8, name);
        U32(image, at + 12, next);
    }

    private static void U16(byte[] image, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);

    private static void U32(byte[] image, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), value);

    private static void U64(byte[] image, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value);
}
