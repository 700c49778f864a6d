using System.Text;

namespace ResLora.Tests.Tensors.Gguf;

/// <summary>GGUF files value by value, so that tests can break any rule; knows neither our writer nor our reader.</summary>
internal sealed class RawGguf
{
    private readonly List<byte[]> _keys = [];
    private readonly List<byte[]> _tensors = [];

    public byte[] Magic { get; set; } = "GGUF"u8.ToArray();

    public uint Version { get; set; } = 3;

    public ulong? TensorCount { get; set; }

    public ulong? KeyCount { get; set; }

    public int DataLength { get; set; } = 64;

    public RawGguf Key(string name, uint type, params byte[] value)
    {
        _keys.Add([.. Text(name), .. U32(type), .. value]);
        return this;
    }

    public RawGguf Tensor(string name, ulong[] dimensions, uint type, ulong offset)
    {
        _tensors.Add([.. Text(name), .. U32((uint)dimensions.Length), .. dimensions.SelectMany(U64), .. U32(type), .. U64(offset)]);
        return this;
    }

    public byte[] Build(int alignment = 32)
    {
        byte[] head =
        [
            .. Magic, .. U32(Version), .. U64(TensorCount ?? (ulong)_tensors.Count), .. U64(KeyCount ?? (ulong)_keys.Count),
            .. _keys.SelectMany(key => key), .. _tensors.SelectMany(tensor => tensor),
        ];
        var start = (head.Length + alignment - 1) / alignment * alignment;
        return [.. head, .. new byte[start - head.Length + DataLength]];
    }

    public static byte[] U32(uint value) => BitConverter.GetBytes(value);

    public static byte[] U64(ulong value) => BitConverter.GetBytes(value);

    public static byte[] Text(string value) => [.. U64((ulong)Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];
}
