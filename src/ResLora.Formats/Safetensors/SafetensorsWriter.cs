using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Formats.Safetensors;

/// <summary>Writes safetensors files: same input, same bytes, laid out as the format's reference writer does.</summary>
public static class SafetensorsWriter
{
    private static readonly Dictionary<string, string> _defaultMetadata = new() { ["format"] = "pt" };

    /// <summary>
    /// Writes tensors, widest element type first and then by name, so that each is aligned; streamed one by one through an
    /// <see cref="AtomicFile"/>. Tensors on another device or not contiguous are copied one at a time.
    /// </summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="tensors">The tensors by name, borrowed; those that share memory are written in full each.</param>
    /// <param name="metadata">The header's free texts; default: <c>format</c> = <c>pt</c>, which PyTorch's loaders ask for.</param>
    /// <exception cref="ConfigException">
    /// A name is given twice or reserved, an element type has no place in the format, or the disk refuses.
    /// </exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var items = Arrange(path, tensors);
        var header = Header(items, metadata ?? _defaultMetadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var item in items)
            {
                using var detached = item.Tensor.detach();
                using var local = detached.cpu();
                using var contiguous = local.contiguous();
                TensorBytes.Write(contiguous, stream);
            }
        });
    }

    private static List<Item> Arrange(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var items = new List<Item>();
        foreach (var (name, tensor) in tensors)
        {
            if (name == SafetensorsHeaderParser.MetadataKey || !names.Add(name))
            {
                throw new ConfigException($"'{path}' cannot be written: the tensor name '{name}' is reserved or given twice.");
            }

            var type = SafetensorsType.Find(tensor.dtype)
                ?? throw new ConfigException($"'{path}' cannot be written: tensor '{name}' has the element type {tensor.dtype}; "
                    + $"supported are {SafetensorsType.Names}.");
            items.Add(new Item(name, tensor, type));
        }

        return [.. items
            .OrderBy(item => SafetensorsType.All.Index().First(known => known.Item == item.Type).Index)
            .ThenBy(item => item.Name, StringComparer.Ordinal)];
    }

    private static byte[] Header(List<Item> items, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.GetSpan(SafetensorsHeaderReader.PrefixBytes), 0);
        buffer.Advance(SafetensorsHeaderReader.PrefixBytes);
        // Names are data, not HTML: only what JSON itself demands is escaped, as the reference does.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            WriteEntries(json, items);
            json.WriteEndObject();
        }

        // Blanks up to a multiple of 8, so that the data of the widest type is aligned.
        var length = (buffer.WrittenCount + 7) / 8 * 8;
        var header = new byte[length];
        header.AsSpan(buffer.WrittenCount).Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header, length - SafetensorsHeaderReader.PrefixBytes);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return;
        }

        json.WriteStartObject(SafetensorsHeaderParser.MetadataKey);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteEntries(Utf8JsonWriter json, List<Item> items)
    {
        long offset = 0;
        foreach (var (name, tensor, type) in items)
        {
            json.WriteStartObject(name);
            json.WriteString("dtype", type.Name);
            WriteNumbers(json, "shape", tensor.shape);
            var end = offset + tensor.NumberOfElements * type.Width;
            WriteNumbers(json, "data_offsets", [offset, end]);
            json.WriteEndObject();
            offset = end;
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private sealed record Item(string Name, Tensor Tensor, SafetensorsType Type);
}
