using System.Buffers.Binary;
using System.Text;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>Safetensors files byte by byte, so that tests can break any rule.</summary>
internal static class RawSafetensors
{
    public static byte[] Of(string header, int dataLength) => Of(Encoding.UTF8.GetBytes(header), new byte[dataLength]);

    public static byte[] Of(byte[] header, byte[] data)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. data];
    }
}
