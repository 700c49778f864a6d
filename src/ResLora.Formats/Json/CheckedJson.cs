using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.Json;

/// <summary>Reads JSON files that come from outside: bounded in size and depth, no key twice, errors that name the place.</summary>
public static class CheckedJson
{
    /// <summary>The largest file accepted unless a call says otherwise: 64 MiB (large tokenizers take about 20).</summary>
    public const long DefaultMaxBytes = 64L * 1024 * 1024;

    private const int MaxDepth = 64;

    /// <summary>Reads and checks a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The largest size accepted, in bytes.</param>
    /// <returns>The document, the caller's to dispose; every string in it can be read.</returns>
    /// <exception cref="FileFormatException">The file is missing, too large, or not valid JSON: says where.</exception>
    public static JsonDocument Read(string path, long maxBytes = DefaultMaxBytes) =>
        Parse(path, InputFile.WithoutMark(InputFile.ReadBytes(path, maxBytes)));

    private static JsonDocument Parse(string path, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            RequireReadableStrings(path, utf8.Span);
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"'{path}' is not valid JSON{Place(error)}: {Sentence(error)}", error);
        }
    }

    /// <summary>Reads a file into a type with the serializer's options.</summary>
    /// <typeparam name="T">The type to read into.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="options">How names and values map; default: the serializer's own.</param>
    /// <returns>The value; never null.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Read"/>, or a value does not fit: names its key.</exception>
    public static T Deserialize<T>(string path, JsonSerializerOptions? options = null) =>
        Convert(path, document => document.Deserialize<T>(options));

    /// <summary>Reads a file that may leave keys out into a type.</summary>
    /// <typeparam name="T">The type to read into.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="complete">Adds what the file leaves out.</param>
    /// <param name="options">How names and values map; default: the serializer's own.</param>
    /// <returns>The value; never null.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Read"/>, or a value does not fit: names its key.</exception>
    public static T Deserialize<T>(string path, Action<JsonObject> complete, JsonSerializerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(complete);
        return Convert(path, document => Completed<T>(document, complete, options));
    }

    /// <summary>The same for a file that Python wrote: NaN, Infinity and -Infinity may stand bare, and count as strings.</summary>
    /// <typeparam name="T">The type to read into.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="complete">As for the other overload.</param>
    /// <param name="options">As for the other overload.</param>
    /// <returns>As for the other overload.</returns>
    /// <exception cref="FileFormatException">As for the other overload.</exception>
    public static T DeserializePython<T>(string path, Action<JsonObject> complete, JsonSerializerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(complete);
        using var document = Parse(path, PythonJson.Quoted(InputFile.WithoutMark(InputFile.ReadBytes(path, DefaultMaxBytes))));
        return Convert(path, document, whole => Completed<T>(whole, complete, options));
    }

    private static T? Completed<T>(JsonDocument document, Action<JsonObject> complete, JsonSerializerOptions? options)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return document.Deserialize<T>(options);
        }

        var whole = JsonObject.Create(document.RootElement)!;
        complete(whole);
        return whole.Deserialize<T>(options);
    }

    /// <summary>Reads a file into a type that a source-generated context describes.</summary>
    /// <typeparam name="T">The type to read into.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="type">The type's description.</param>
    /// <returns>The value; never null.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Read"/>, or a value does not fit: names its key.</exception>
    public static T Deserialize<T>(string path, JsonTypeInfo<T> type) =>
        Convert(path, document => document.Deserialize(type));

    private static T Convert<T>(string path, Func<JsonDocument, T?> convert)
    {
        using var document = Read(path);
        return Convert(path, document, convert);
    }

    private static T Convert<T>(string path, JsonDocument document, Func<JsonDocument, T?> convert)
    {
        try
        {
            return convert(document) ?? throw new FileFormatException($"'{path}' holds only null; a value is needed.");
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"'{path}' has a wrong value at '{error.Path ?? "$"}': {Sentence(error)}", error);
        }
    }

    /// <summary>JsonDocument leaves bad UTF-8 and lone surrogates in place, to throw much later where a string is used.</summary>
    private static void RequireReadableStrings(string path, ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new FileFormatException($"'{path}' is not valid UTF-8; save it as UTF-8.");
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException error)
            {
                throw new FileFormatException(
                    $"'{path}' has a string with half a surrogate pair (a \\uD800 to \\uDFFF escape alone) near byte {reader.TokenStartIndex}.", error);
            }
        }
    }

    private static string Place(JsonException error) =>
        error.LineNumber is { } line ? $" at line {line + 1}, byte {(error.BytePositionInLine ?? 0) + 1}" : "";

    /// <summary>The serializer's message without the position that it appends: we print our own.</summary>
    private static string Sentence(JsonException error) =>
        error.Message.StartsWith("The property or field", StringComparison.Ordinal)
            ? "null is no value here; leave the key out or give it one."
            : error.Message.Split([" Path: ", " LineNumber: "], StringSplitOptions.None)[0];
}
