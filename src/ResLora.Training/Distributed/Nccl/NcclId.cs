using System.Runtime.InteropServices;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>ncclUniqueId: by what ranks find each other. NCCL takes it by value.</summary>
[StructLayout(LayoutKind.Sequential, Size = Length)]
internal unsafe struct NcclId
{
    /// <summary>NCCL_UNIQUE_ID_BYTES.</summary>
    public const int Length = 128;

    private fixed byte _bytes[Length];

    /// <summary>Its bytes, to be sent.</summary>
    public readonly byte[] ToBytes()
    {
        var copy = this;
        return new ReadOnlySpan<byte>(copy._bytes, Length).ToArray();
    }

    /// <summary>The same of bytes that were sent.</summary>
    /// <param name="bytes">As <see cref="ToBytes"/> gave them.</param>
    public static NcclId Of(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<NcclId>(bytes);
}
