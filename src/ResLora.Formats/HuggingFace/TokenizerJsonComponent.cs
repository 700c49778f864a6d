using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// One JSON value of a tokenizer file together with its place, so that whoever reads a setting gets the value in the
/// right kind or an error that says where it stands.
/// </summary>
public sealed class TokenizerJsonComponent
{
    private const long LargestFile = 256L << 20; // the largest published tokenizer.json files are near 35 MB

    private readonly JsonElement _json;

    private TokenizerJsonComponent(string file, string where, JsonElement json)
    {
        File = file;
        Where = where;
        _json = json;
    }

    /// <summary>The file that holds this value, for messages.</summary>
    public string File { get; }

    /// <summary>The place inside the file, such as <c>pre_tokenizer.pretokenizers[0]</c>; empty for the whole file.</summary>
    public string Where { get; }

    /// <summary>The text of the <c>type</c> key: which component this is.</summary>
    /// <exception cref="FileFormatException">There is no such key or it is no text.</exception>
    public string Type => Text("type");

    /// <summary>Reads a JSON file.</summary>
    /// <param name="path">The file, at most 256 MiB.</param>
    /// <returns>The whole file as one component.</returns>
    /// <exception cref="FileFormatException">The file is missing, too large or not valid JSON.</exception>
    public static TokenizerJsonComponent ReadFile(string path) => Parse(InputFile.ReadText(path, LargestFile), path);

    /// <summary>Reads JSON text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <returns>The whole text as one component.</returns>
    /// <exception cref="FileFormatException">The text is not valid JSON.</exception>
    public static TokenizerJsonComponent Parse(string json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement.Clone();
            RequireReadableText(root);
            return new TokenizerJsonComponent(file, "", root);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FileFormatException($"{file}: not valid JSON ({e.Message}).", e);
        }
    }

    /// <summary>Whether the value has a key whose value is not null.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True when there is a value.</returns>
    public bool Has(string key) =>
        _json.ValueKind == JsonValueKind.Object && _json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether the value has a key, if only with null.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True when the key is there.</returns>
    public bool HasKey(string key) => _json.ValueKind == JsonValueKind.Object && _json.TryGetProperty(key, out _);

    /// <summary>The value of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FileFormatException">There is no such key.</exception>
    public TokenizerJsonComponent Child(string key) =>
        ChildOrNull(key) ?? throw Error($"key '{key}' is missing");

    /// <summary>The value of a key, or null when it is missing or null.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value or null.</returns>
    public TokenizerJsonComponent? ChildOrNull(string key) =>
        Has(key) ? new TokenizerJsonComponent(File, Join(key), _json.GetProperty(key)) : null;

    /// <summary>The text of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The text.</returns>
    /// <exception cref="FileFormatException">There is no such key or it is no text.</exception>
    public string Text(string key) => Child(key).AsText();

    /// <summary>The text of a key, or null when it is missing or null.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The text or null.</returns>
    /// <exception cref="FileFormatException">The value is no text.</exception>
    public string? TextOrNull(string key) => ChildOrNull(key)?.AsText();

    /// <summary>The yes or no of a key, or null when it is missing or null.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value or null.</returns>
    /// <exception cref="FileFormatException">The value is neither true nor false.</exception>
    public bool? FlagOrNull(string key) => ChildOrNull(key) is not { } child ? null : child._json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw child.WrongKind("true or false"),
    };

    /// <summary>The yes or no of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fallback">What a missing key means.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FileFormatException">The value is neither true nor false.</exception>
    public bool Flag(string key, bool fallback = false) => FlagOrNull(key) ?? fallback;

    /// <summary>The list of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The list's values in order.</returns>
    /// <exception cref="FileFormatException">There is no such key or it is no list.</exception>
    public IReadOnlyList<TokenizerJsonComponent> Items(string key) => Child(key).Items();

    /// <summary>This value as a list.</summary>
    /// <returns>The list's values in order.</returns>
    /// <exception cref="FileFormatException">It is no list.</exception>
    public IReadOnlyList<TokenizerJsonComponent> Items() => _json.ValueKind == JsonValueKind.Array
        ? [.. _json.EnumerateArray().Select((item, i) => new TokenizerJsonComponent(File, $"{Where}[{i}]", item))]
        : throw WrongKind("a list");

    /// <summary>This value as an object.</summary>
    /// <returns>The keys and values in the order of the file, repeated keys included.</returns>
    /// <exception cref="FileFormatException">It is no object.</exception>
    public IEnumerable<KeyValuePair<string, TokenizerJsonComponent>> Entries() => _json.ValueKind == JsonValueKind.Object
        ? _json.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, new TokenizerJsonComponent(File, Join(p.Name), p.Value)))
        : throw WrongKind("an object");

    /// <summary>Whether this value is text.</summary>
    public bool IsText => _json.ValueKind == JsonValueKind.String;

    /// <summary>Whether this value is a list.</summary>
    public bool IsList => _json.ValueKind == JsonValueKind.Array;

    /// <summary>This value as text.</summary>
    /// <returns>The text.</returns>
    /// <exception cref="FileFormatException">It is no text.</exception>
    public string AsText() => IsText ? _json.GetString()! : throw WrongKind("text");

    /// <summary>This value as a whole number.</summary>
    /// <returns>The number.</returns>
    /// <exception cref="FileFormatException">It is no whole number of 32 bits.</exception>
    public int AsNumber() =>
        _json.ValueKind == JsonValueKind.Number && _json.TryGetInt32(out var number) ? number : throw WrongKind("a whole number");

    /// <summary>This value as a number.</summary>
    /// <returns>The number, finite.</returns>
    /// <exception cref="FileFormatException">It is no number, or one beyond all bounds.</exception>
    public double AsReal() => _json.ValueKind == JsonValueKind.Number && _json.TryGetDouble(out var number) && double.IsFinite(number)
        ? number
        : throw WrongKind("a number");

    /// <summary>The error that says what is wrong at this place.</summary>
    /// <param name="problem">What is wrong and what to do, without a final stop.</param>
    /// <returns>The exception to throw.</returns>
    public FileFormatException Error(string problem) =>
        new(Where.Length == 0 ? $"{File}: {problem}." : $"{File}: {Where}: {problem}.");

    /// <summary>The error that refuses a component by its name.</summary>
    /// <param name="kind">What it is, such as <c>pre-tokenizer</c>.</param>
    /// <param name="supported">The types that are supported.</param>
    /// <returns>The exception to throw.</returns>
    public FileFormatException Unsupported(string kind, params string[] supported) =>
        Error($"{kind} {Type} is not supported (supported: {string.Join(", ", supported)})");

    // Escapes such as "\ud800" are valid JSON that no string can hold; found here once, no later read can fail on them.
    private static void RequireReadableText(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                _ = json.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    RequireReadableText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var entry in json.EnumerateObject())
                {
                    _ = entry.Name;
                    RequireReadableText(entry.Value);
                }

                break;
        }
    }

    private FileFormatException WrongKind(string expected)
    {
        var found = _json.GetRawText();
        return Error($"found {(found.Length > 60 ? found[..60] + "…" : found)}, expected {expected}");
    }

    private string Join(string key) => Where.Length == 0 ? key : $"{Where}.{key}";
}
