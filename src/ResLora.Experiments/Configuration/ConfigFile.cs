using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data.Readers;

namespace ResLora.Experiments.Configuration;

/// <summary>Reads and writes the YAML files that describe runs, for any record of settings.</summary>
public static class ConfigFile
{
    /// <summary>How settings map to keys: camelCase, exact, nothing unknown.</summary>
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Reads a file, lets assignments override it, and checks every key and value.</summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="path">The YAML file.</param>
    /// <param name="assignments"><c>key=value</c> each, the key dotted (<c>adapter.rank=8</c>), the value in YAML.</param>
    /// <returns>The settings, free of problems, with full paths.</returns>
    /// <exception cref="FileFormatException">The file cannot be read.</exception>
    /// <exception cref="ConfigException">It is not valid YAML, or keys or values are wrong: all of them are listed.</exception>
    public static T Read<T>(string path, params IEnumerable<string> assignments)
        where T : ICheckedConfig
    {
        ArgumentNullException.ThrowIfNull(path);
        var text = ReadText(path);
        return Parse<T>(text, path, Path.GetDirectoryName(Path.GetFullPath(path))!, assignments);
    }

    /// <summary>Reads a text as <see cref="Read"/> reads a file.</summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="yaml">The text.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <param name="folder">The folder that its relative paths count from.</param>
    /// <param name="assignments">As for <see cref="Read"/>; their relative paths count from the current folder.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="ConfigException">As for <see cref="Read"/>.</exception>
    public static T Parse<T>(string yaml, string source, string folder, params IEnumerable<string> assignments)
        where T : ICheckedConfig
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(assignments);
        var (root, places) = Tree(yaml, source);
        ConfigBinder.CompletePaths(root, typeof(T), folder);
        foreach (var assignment in assignments)
        {
            Assignment.Apply(root, assignment, places);
        }

        ConfigBinder.CompletePaths(root, typeof(T), Directory.GetCurrentDirectory());
        return ConfigBinder.Bind<T>(root, source, places);
    }

    /// <summary>A file's keys and values before they are bound to records, and where they stand.</summary>
    /// <param name="path">The YAML file.</param>
    /// <exception cref="FileFormatException">The file cannot be read.</exception>
    /// <exception cref="ConfigException">It is not valid YAML, or holds no keys.</exception>
    internal static (JsonObject Root, Dictionary<string, string> Places) ReadTree(string path) => Tree(ReadText(path), path);

    private static (JsonObject Root, Dictionary<string, string> Places) Tree(string yaml, string source)
    {
        var tree = YamlTree.Parse(yaml, source);
        return tree.Root is null or JsonObject
            ? (tree.Root as JsonObject ?? [], tree.Places)
            : throw new ConfigException($"{source} must hold keys and values such as 'model: path', but holds a single value or a list.");
    }

    /// <summary>
    /// The settings as YAML, defaults included; reading it gives the same settings. What lies in a hub's cache has its name on the hub, with
    /// the commit.
    /// </summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="config">The settings.</param>
    /// <returns>The YAML.</returns>
    public static string ToYaml<T>(T config)
    {
        var node = JsonSerializer.SerializeToNode(config, Options);
        if (node is JsonObject settings)
        {
            ConfigBinder.NamePaths(settings, typeof(T));
        }

        return YamlText.Write(node);
    }

    /// <summary>The settings with paths in the place of names on a hub; what they mean is downloaded if need be.</summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="config">The settings, free of problems.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="ResLoraException">What a name means cannot be had.</exception>
    public static T Located<T>(T config)
    {
        var node = (JsonObject)JsonSerializer.SerializeToNode(config, Options)!;
        var located = (JsonObject)node.DeepClone();
        ConfigBinder.LocatePaths(located, typeof(T));
        return JsonNode.DeepEquals(node, located) ? config : located.Deserialize<T>(Options)!;
    }

    private static string ReadText(string path)
    {
        const long maxBytes = 4 << 20;
        var bytes = InputFile.ReadBytes(path, maxBytes).AsSpan();
        try
        {
            bytes = bytes[ByteOrderMark.Length(bytes, path)..];
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new FileFormatException($"'{path}' is not valid UTF-8; save it as UTF-8.", error);
        }
    }

    /// <summary>Saves the settings as YAML.</summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="config">The settings.</param>
    /// <param name="path">The file to write or replace.</param>
    /// <exception cref="ConfigException">The disk refuses.</exception>
    public static void Save<T>(T config, string path) => AtomicFile.WriteText(path, ToYaml(config));
}
