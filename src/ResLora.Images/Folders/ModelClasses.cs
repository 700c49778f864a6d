using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Images.Folders;

/// <summary>The classes of a model that is there already, in the order of its outputs.</summary>
/// <param name="Names">The names, one an output.</param>
public sealed record ModelClasses(IReadOnlyList<string> Names)
{
    /// <summary>Whether the names say something; <c>LABEL_0</c>, <c>LABEL_1</c> … do not.</summary>
    public bool AreNamed => !Names.Index().All(name => name.Item == string.Create(CultureInfo.InvariantCulture, $"LABEL_{name.Index}"));

    /// <summary>Reads the classes in a model's config.json.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The classes; null where the file has none.</returns>
    /// <exception cref="FileFormatException">The file is not valid, the classes are not numbered from 0, or id2label and label2id
    /// disagree.</exception>
    public static ModelClasses? Read(string path)
    {
        var config = CheckedJson.Deserialize<ConfigClasses>(path);
        if (config.Names is not { Count: > 0 } named)
        {
            return null;
        }

        string[] names = [.. Enumerable.Range(0, named.Count).Select(i => named.GetValueOrDefault(i.ToString(CultureInfo.InvariantCulture))
            ?? throw new FileFormatException($"'{path}': id2label has {named.Count} classes, and none is number {i}."))];
        foreach (var (id, name) in names.Index())
        {
            if (config.Ids is { } ids && !(
                ids.TryGetValue(name, out var other) && other.ToString() == id.ToString(CultureInfo.InvariantCulture)))
            {
                throw new FileFormatException(
                    $"'{path}': id2label says that class {id} is '{name}', and label2id does not; one of them is wrong, and so would every result be. Mend the file.");
            }
        }

        return new ModelClasses(names);
    }

    private sealed record ConfigClasses
    {
        [JsonPropertyName("id2label")]
        public Dictionary<string, string>? Names { get; init; }

        [JsonPropertyName("label2id")]
        public Dictionary<string, JsonElement>? Ids { get; init; }
    }
}
