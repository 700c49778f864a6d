using System.Text.Json;
using System.Text.Unicode;
using ResLora.Formats.Errors;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// Reads the header's JSON with every rule of the format: nothing twice, nothing unknown, and data that the tensors tile
/// from the first byte to the last without overlap or hole.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="dataOffset">Where the data section begins, in bytes from the start of the file.</param>
/// <param name="dataLength">How long the data section is, in bytes.</param>
internal sealed class SafetensorsHeaderParser(string path, long dataOffset, long dataLength)
{
    /// <summary>Object of tensors, tensor, list of numbers; one spare, so that what is too deep is named by its own rule.</summary>
    private const int MaxDepth = 4;

    /// <summary>libtorch's own limit for most operations.</summary>
    private const int MaxDimensions = 64;

    /// <summary>The member of the header that holds free texts instead of a tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>Reads and checks the header.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <exception cref="FileFormatException">A rule is broken.</exception>
    public SafetensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != '{')
        {
            throw Broken("its header does not start with '{'");
        }

        if (!Utf8.IsValid(json))
        {
            throw Broken("its header is not valid UTF-8");
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            var header = ReadHeader(ref reader);
            reader.Read(); // throws if more than blanks follows
            RequireTiling(header.Entries.Values);
            return header;
        }
        catch (JsonException error)
        {
            throw Broken($"its header is not valid JSON ({error.Message.TrimEnd('.')})", error);
        }
    }

    private SafetensorsHeader ReadHeader(ref Utf8JsonReader reader)
    {
        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = ReadString(ref reader, "a name");
            reader.Read();
            if (name == MetadataKey)
            {
                metadata = metadata is null ? ReadMetadata(ref reader) : throw Broken($"{MetadataKey} appears twice");
            }
            else if (!entries.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw Broken($"tensor {Quote(name)} appears twice");
            }
        }

        return new SafetensorsHeader(entries, metadata ?? []);
    }

    private Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        Require(ref reader, JsonTokenType.StartObject, MetadataKey, "an object of strings");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = ReadString(ref reader, "a name");
            reader.Read();
            if (!metadata.TryAdd(key, ReadString(ref reader, $"{MetadataKey} {Quote(key)}")))
            {
                throw Broken($"{MetadataKey} has {Quote(key)} twice");
            }
        }

        return metadata;
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        var where = $"tensor {Quote(name)}";
        Require(ref reader, JsonTokenType.StartObject, where, "an object");
        string? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = ReadString(ref reader, "a name");
            reader.Read();
            switch (member)
            {
                case "dtype" when dtype is null:
                    dtype = ReadString(ref reader, $"dtype of {where}");
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, $"shape of {where}", MaxDimensions);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"data_offsets of {where}", 2);
                    break;
                default:
                    throw Broken($"{where} has the member {Quote(member)}, which is unknown or appears twice");
            }
        }

        if (dtype is null || shape is null || offsets is not [var begin, var end])
        {
            throw Broken($"{where} needs dtype, shape and data_offsets (begin and end); one is missing");
        }

        var type = SafetensorsType.Find(dtype)
            ?? throw Broken($"{where} has the element type {Quote(dtype)}, which is not supported; supported are {SafetensorsType.Names}");
        RequireSpan(where, type, shape, begin, end);
        return new SafetensorsEntry(name, type.DataType, shape, dataOffset + begin, end - begin);
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string where, int most)
    {
        Require(ref reader, JsonTokenType.StartArray, where, "a list of numbers");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
            {
                throw Broken($"{where} holds something else than whole numbers from 0 to {long.MaxValue}");
            }

            if (numbers.Count == most)
            {
                throw Broken($"{where} has more than {most} numbers");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private void RequireSpan(string where, SafetensorsType type, long[] shape, long begin, long end)
    {
        if (begin > end || end > dataLength)
        {
            throw Broken(
                $"{where} has data_offsets {Shapes.Text(begin, end)}, but the data has {dataLength} bytes (is the file cut short?)");
        }

        if (ByteCount(type, shape) is not { } needed)
        {
            throw Broken($"{where} has shape {Shapes.Text(shape)}, which is too large to count");
        }

        if (end - begin != needed)
        {
            throw Broken($"{where} has {end - begin} bytes of data, but {type.Name} of shape {Shapes.Text(shape)} needs {needed}");
        }
    }

    /// <summary>Bytes of a tensor, or null when they or the tensor's strides (which skip zero sizes) exceed 63 bits.</summary>
    private static long? ByteCount(SafetensorsType type, long[] shape)
    {
        long withoutZeros = type.Width;
        foreach (var size in shape)
        {
            if (size > 0 && withoutZeros > long.MaxValue / size)
            {
                return null;
            }

            withoutZeros *= Math.Max(size, 1);
        }

        return shape.Contains(0) ? 0 : withoutZeros;
    }

    private void RequireTiling(IEnumerable<SafetensorsEntry> entries)
    {
        var next = dataOffset;
        foreach (var entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Length))
        {
            if (entry.Offset != next)
            {
                throw Broken(entry.Offset < next
                    ? $"the data of tensor {Quote(entry.Name)} overlaps that of another tensor"
                    : $"{entry.Offset - next} bytes of data before tensor {Quote(entry.Name)} belong to no tensor");
            }

            next += entry.Length;
        }

        if (next != dataOffset + dataLength)
        {
            throw Broken($"the last {dataOffset + dataLength - next} bytes of data belong to no tensor");
        }
    }

    private string ReadString(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            throw Broken($"{where} is not a string");
        }

        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw Broken($"{where} has half a surrogate pair (a \\uD800 to \\uDFFF escape alone)", error);
        }
    }

    private void Require(ref Utf8JsonReader reader, JsonTokenType type, string where, string needed)
    {
        if (reader.TokenType != type)
        {
            throw Broken($"{where} is not {needed}");
        }
    }

    /// <summary>A name from the file for a message: bounded in length and without control characters, which terminals obey.</summary>
    private static string Quote(string name)
    {
        const int most = 200;
        var shown = name.Length > most ? name[..most] + "…" : name;
        return $"'{string.Concat(shown.Select(letter => char.IsControl(letter) ? '?' : letter))}'";
    }

    private FileFormatException Broken(string what, Exception? inner = null) => SafetensorsHeaderReader.Broken(path, what, inner);
}
