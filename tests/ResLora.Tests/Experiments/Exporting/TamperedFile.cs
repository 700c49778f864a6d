using System.Runtime.InteropServices;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Safetensors;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>Changes single bits of tensors in files.</summary>
internal static class TamperedFile
{
    /// <summary>Flips the sign of the largest number of a float32 tensor.</summary>
    public static void FlipSign(string path, string tensor)
    {
        var (offset, length) = Place(path, tensor);
        var bytes = File.ReadAllBytes(path);
        const int width = sizeof(float);
        var largest =
            Enumerable.Range(0, (int)(length / width)).MaxBy(i => Math.Abs(BitConverter.ToSingle(bytes, (int)offset + (i * width))));
        // Little endian: the sign is the highest bit of the last byte.
        bytes[offset + (largest * width) + width - 1] ^= 0x80;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Adds to the smallest number of a float32 tensor a share of the largest one's size.</summary>
    public static void Shift(string path, string tensor, double share)
    {
        var (offset, length) = Place(path, tensor);
        var bytes = File.ReadAllBytes(path);
        var numbers = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)offset, (int)length));
        var (smallest, largest) = (0, 0);
        for (var i = 1; i < numbers.Length; i++)
        {
            smallest = Math.Abs(numbers[i]) < Math.Abs(numbers[smallest]) ? i : smallest;
            largest = Math.Abs(numbers[i]) > Math.Abs(numbers[largest]) ? i : largest;
        }

        numbers[smallest] += (float)(share * Math.Abs(numbers[largest]));
        File.WriteAllBytes(path, bytes);
    }

    private static (long Offset, long Length) Place(string path, string tensor)
    {
        if (Path.GetExtension(path) == ".gguf")
        {
            using var file = GgufFile.Open(path);
            return (file.Entries[tensor].Offset, file.Entries[tensor].Length);
        }

        var entry = SafetensorsReader.ReadHeader(path).Entries[tensor];
        return (entry.Offset, entry.Length);
    }
}
