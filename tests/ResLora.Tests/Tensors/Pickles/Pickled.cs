using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ResLora.Tests.Tensors.Pickles;

/// <summary>Pickles byte by byte, and the archives that torch.save puts them in.</summary>
internal static class Pickled
{
    public static byte[] Empty { get; } = "}"u8.ToArray();

    public static byte[] OrderedDictionary { get; } = [.. Global("collections", "OrderedDict"), (byte)')', (byte)'R'];

    public static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)'X', .. Number(bytes.Length), .. bytes];
    }

    public static byte[] Whole(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return [0x8A, 8, .. bytes];
    }

    public static byte[] Global(string module, string name) => Encoding.UTF8.GetBytes($"c{module}\n{name}\n");

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Numbers(params long[] numbers) => Tuple([.. numbers.Select(Whole)]);

    public static byte[] Call(string module, string name, params byte[][] arguments) =>
        [.. Global(module, name), .. Tuple(arguments), (byte)'R'];

    public static byte[] Dictionary(params (string Key, byte[] Value)[] entries) =>
        [(byte)'}', (byte)'(', .. entries.SelectMany(entry => Text(entry.Key).Concat(entry.Value)), (byte)'u'];

    public static byte[] Storage(string type, string key, long count) =>
        [.. Tuple(Text("storage"), Global("torch", type), Text(key), Text("cpu"), Whole(count)), (byte)'Q'];

    /// <summary>A tensor as torch.save writes it.</summary>
    public static byte[] Tensor(byte[] storage, long start, long[] shape, long[] strides) =>
        Call("torch._utils", "_rebuild_tensor_v2", storage, Whole(start), Numbers(shape), Numbers(strides), [0x89], OrderedDictionary);

    /// <summary>Four float32 numbers, 1 to 4.</summary>
    public static byte[] Floats => [.. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)];

    public static byte[] Archive(byte[] value, params (string Name, byte[] Content)[] files) => Zip(
        CompressionLevel.NoCompression, [("a/data.pkl", [0x80, 2, .. value, (byte)'.']), ("a/data/0", Floats), .. files]);

    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] files)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var stream = archive.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }

    public static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
