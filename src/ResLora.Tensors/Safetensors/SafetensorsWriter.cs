using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

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
    /// <param name="isDurable">As for <see cref="AtomicFile.Write"/>.</param>
    /// <exception cref="ConfigException">
    /// A name is given twice or reserved, an element type has no place in the format, or the disk refuses.
    /// </exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool isDurable = true)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WriteStreamed(path, tensors.Select(tensor => StreamedTensor.Of(tensor.Key, tensor.Value)), metadata, isDurable);
    }

    /// <summary>As <see cref="Write"/>, with tensors that are made one after the other: no more than one is in memory.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="tensors">The tensors; they are made in the order of the file.</param>
    /// <param name="metadata">As for <see cref="Write"/>.</param>
    /// <param name="isDurable">As for <see cref="Write"/>.</param>
    /// <exception cref="ConfigException">As for <see cref="Write"/>.</exception>
    public static void WriteStreamed(
        string path, IEnumerable<StreamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, bool isDurable = true)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var items = Arrange(path, tensors);
        var header = Header(items, metadata ?? _defaultMetadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var (tensor, _) in items)
            {
                using var made = tensor.Make();
                using var local = made.cpu();
                using var contiguous = local.contiguous();
                TensorBytes.Write(contiguous, stream);
            }
        }, isDurable);
    }

    private static List<Item> Arrange(string path, IEnumerable<StreamedTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var items = new List<Item>();
        foreach (var tensor in tensors)
        {
            var name = tensor.Name;
            if (name == SafetensorsHeaderParser.MetadataKey || !names.Add(name))
            {
                throw new ConfigException($"'{path}' cannot be written: the tensor name '{name}' is reserved or given twice.");
            }

            var type = SafetensorsType.Find(tensor.DataType)
                ?? throw new ConfigException($"'{path}' cannot be written: tensor '{name}' has the element type {tensor.DataType}; "
                    + $"supported are {SafetensorsType.Names}.");
            items.Add(new Item(tensor, type));
        }

        return [.. items
            .OrderBy(item => SafetensorsType.All.Index().First(known => known.Item == item.Type).Index)
            .ThenBy(item => item.Tensor.Name, StringComparer.Ordinal)];
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
        foreach (var (tensor, type) in items)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", type.Name);
            WriteNumbers(json, "shape", tensor.Shape);
            var end = offset + tensor.Count * type.Width;
            WriteNumbers(json, "data_offsets", [offset, end]);
            json.WriteEndObject();
            offset = end;
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private sealed record Item(StreamedTensor Tensor, SafetensorsType Type);
}
