using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ResLora.Adapters;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Experiments.Configuration;

/// <summary>Puts a tree into records, collecting every wrong key and value before it complains.</summary>
internal static class ConfigBinder
{
    private const int MostShown = 200;

    /// <summary>
    /// Binds a tree and asks the settings for their own problems; wrong keys are left out for that, so that all come at once.
    /// </summary>
    /// <exception cref="ConfigException">Keys or values are wrong.</exception>
    public static T Bind<T>(JsonObject root, string source, IReadOnlyDictionary<string, string> places)
        where T : ICheckedConfig
    {
        var problems = new List<string>();
        var config = Collect<T>(root, "", places, problems);
        ThrowIfAny(source, problems);
        return config!;
    }

    /// <summary>Binds a tree and adds what is wrong to a list, so that several parts of a file can complain together.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="path">The key that the tree stands under; empty for a whole file.</param>
    /// <param name="places">Where values stand.</param>
    /// <param name="problems">Is added to.</param>
    /// <returns>The settings; null when nothing can be made of the tree.</returns>
    public static T? Collect<T>(JsonObject root, string path, IReadOnlyDictionary<string, string> places, List<string> problems)
        where T : ICheckedConfig
    {
        var found = new List<string>();
        var sound = (JsonObject)root.DeepClone();
        Check(sound, typeof(T), path, places, found, Keys(typeof(T), path).ToArray());
        var config = Deserialize<T>(sound, found);
        found.AddRange(config?.Problems().Select(problem => Join(path, problem)) ?? []);
        problems.AddRange(found);
        return config;
    }

    /// <summary>Throws when there are problems, listing all.</summary>
    /// <exception cref="ConfigException">There is a problem.</exception>
    public static void ThrowIfAny(string source, IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(problems.Count == 1
                ? $"{source}: {problems[0]}."
                : $"{source} has {problems.Count} problems:{string.Concat(problems.Select(problem => $"\n  {problem}."))}");
        }
    }

    /// <summary>Makes the settings that are paths full paths. Names on a hub stay.</summary>
    public static void CompletePaths(JsonObject node, Type type, string folder) => ReplacePaths(
        node, type, (path, kind) => HubReference.Is(path.GetValue<string>()) || PathFault(path, kind) is not null
            ? path.DeepClone()
            : Path.GetFullPath(path.GetValue<string>(), folder));

    /// <summary>Puts paths in the place of names on a hub; what they mean is downloaded if need be.</summary>
    /// <param name="node">The settings, free of problems, which are changed.</param>
    /// <param name="type">The record that they are of.</param>
    /// <exception cref="ResLoraException">What a name means cannot be had.</exception>
    public static void LocatePaths(JsonObject node, Type type) =>
        ReplacePaths(node, type, (path, kind) => HubPlaces.At(path.GetValue<string>(), kind));

    /// <summary>Puts names on a hub in the place of paths into its cache.</summary>
    /// <param name="node">The settings, which are changed.</param>
    /// <param name="type">The record that they are of.</param>
    public static void NamePaths(JsonObject node, Type type) =>
        ReplacePaths(node, type, (path, kind) => HubPlaces.Name(path.GetValue<string>(), kind));

    /// <summary>Puts something else in the place of every path of settings.</summary>
    /// <param name="node">The settings, which are changed.</param>
    /// <param name="type">The record that they are of.</param>
    /// <param name="replacement">What stands for a path, which is a text, of a kind; null leaves null.</param>
    public static void ReplacePaths(JsonObject node, Type type, Func<JsonNode, PlaceKind, JsonNode?> replacement)
    {
        JsonNode? Replaced(JsonNode? path, PlaceKind kind) =>
            path?.GetValueKind() == JsonValueKind.String ? replacement(path, kind) : path?.DeepClone();
        foreach (var property in Properties(type))
        {
            var value = node[property.Name];
            if (value is JsonObject child && IsRecord(property.PropertyType))
            {
                ReplacePaths(child, property.PropertyType, replacement);
            }
            else if (value is not null && PathKind(property) is { } kind)
            {
                node[property.Name] = value is JsonArray paths
                    ? new JsonArray([.. paths.Select(path => Replaced(path, kind))])
                    : Replaced(value, kind);
            }
        }
    }

    /// <summary>The settings of a record, in the order of their declaration.</summary>
    public static IEnumerable<JsonPropertyInfo> Properties(Type type) =>
        // A property that is computed has no setter and no place in a file.
        ConfigFile.Options.GetTypeInfo(type).Properties.Where(property => property.Set is not null);

    /// <summary>Whether a type is a record of further settings rather than one value.</summary>
    public static bool IsRecord(Type type) => ConfigFile.Options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Object;

    private static T? Deserialize<T>(JsonObject sound, List<string> problems)
    {
        try
        {
            return sound.Deserialize<T>(ConfigFile.Options);
        }
        catch (JsonException error)
        {
            // A required key that is missing is known already.
            if (problems.Count == 0)
            {
                problems.Add(Sentence(error).TrimEnd('.'));
            }

            return default;
        }
    }

    private static void Check(
        JsonObject node, Type type, string path, IReadOnlyDictionary<string, string> places, List<string> problems, IReadOnlyList<string> allKeys)
    {
        var properties = Properties(type).ToDictionary(property => property.Name, StringComparer.Ordinal);
        problems.AddRange(properties.Values
            .Where(property => property.IsRequired && !node.ContainsKey(property.Name))
            .Select(property => $"'{Join(path, property.Name)}' is missing"));
        foreach (var (key, value) in node.ToArray())
        {
            var full = Join(path, key);
            var at = places.TryGetValue(full, out var place) ? $"{place}, " : "";
            if (!properties.TryGetValue(key, out var property))
            {
                node.Remove(key);
                problems.Add($"{at}'{full}': there is no such key.{Instead(key, path, properties.Keys, allKeys)} Keys here: {string.Join(", ", properties.Keys)}");
            }
            else if (value is JsonObject child && IsRecord(property.PropertyType))
            {
                Check(child, property.PropertyType, full, places, problems, allKeys);
            }
            else if (Fault(value, property) is { } fault)
            {
                node.Remove(key);
                problems.Add($"{at}'{full}' {fault}");
            }
        }
    }

    /// <summary>
    /// What to write for a key that is not here: what another tool's key is called here, where a key of this name is, or the nearest one
    /// here.
    /// </summary>
    private static string Instead(string key, string path, IReadOnlyCollection<string> here, IReadOnlyList<string> allKeys)
    {
        var nearest = NearestName.Suggestion(key, here);
        if (RivalKeys.Find(key) is { } known && !here.Any(
            name => known.Key == Join(path, name) && nearest.Contains($"'{name}'", StringComparison.Ordinal)))
        {
            return $" {known.Sentence}";
        }

        var elsewhere = allKeys.FirstOrDefault(full => full.EndsWith($".{key}", StringComparison.Ordinal));
        return elsewhere is null ? nearest : $" Here it is '{elsewhere}'.";
    }

    private static IEnumerable<string> Keys(Type type, string path) =>
        Properties(type).SelectMany(property => IsRecord(property.PropertyType)
        ? Keys(property.PropertyType, Join(path, property.Name)).Prepend(Join(path, property.Name))
        : [Join(path, property.Name)]);

    private static string? Fault(JsonNode? value, JsonPropertyInfo property)
    {
        if (PathKind(property) is { } kind && PathFault(value, kind) is { } fault)
        {
            return fault;
        }

        if (value is null)
        {
            return property.IsSetNullable ? null : $"is null; it needs {Wanted(property)}";
        }

        try
        {
            _ = value.Deserialize(
                property.PropertyType,
                property.CustomConverter is { } own ? new(ConfigFile.Options) { Converters = { own } } : ConfigFile.Options);
            return null;
        }
        catch (JsonException)
        {
            var found = value.ToJsonString();
            return $"is {(found.Length > MostShown ? found[..MostShown] + "…" : found)}; it needs {Wanted(property)}";
        }
    }

    /// <summary>What may stand in a setting that is a path; null for one that is none.</summary>
    public static PlaceKind? PathKind(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(ConfigPathAttribute), false) is [ConfigPathAttribute path] ? path.Kind : null;

    private static string? PathFault(JsonNode? value, PlaceKind kind) => value switch
    {
        JsonArray paths => paths.Select(path => PathFault(path, kind)).FirstOrDefault(fault => fault is not null),
        JsonValue path when path.GetValueKind() == JsonValueKind.String => path.GetValue<string>() switch
        {
            var text when string.IsNullOrWhiteSpace(text) => "is an empty path; is a variable unset?",
            var text when text.Contains('\0', StringComparison.Ordinal) => "is a path with a NUL character, which no file has",
            var name when HubReference.Is(name) && kind == PlaceKind.Local => $"is '{name}', a name on a hub; a path is needed here",
            var name when HubReference.Is(name) && HubReference.Problem(name) is { } problem => $"is '{name}', which {problem}",
            _ => null,
        },
        _ => null,
    };

    /// <summary>What a setting takes, in words.</summary>
    public static string Wanted(JsonPropertyInfo property) => property.CustomConverter is PreviousCountConverter
        ? $"a whole number or {PreviousCountConverter.AllWord}"
        : Wanted(property.PropertyType);

    private static string Wanted(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(string) => "a text (in quotes if it looks like a number)",
            _ when type.IsEnum => string.Join(" or ", EnumNames(type)),
            _ when type.GetCustomAttribute<ConfigValueAttribute>() is { } value => value.Wanted,
            _ when type.IsAssignableTo(typeof(IDictionary)) || IsGeneric(type, typeof(IReadOnlyDictionary<,>)) => "keys and values",
            _ when type.IsAssignableTo(typeof(IEnumerable)) || IsRecord(type) && type.IsAssignableTo(typeof(IEnumerable)) => "a list",
            _ when IsRecord(type) => $"keys ({string.Join(", ", Properties(type).Select(property => property.Name))})",
            _ => "a list of names, all-linear or a regular expression",
        };
    }

    /// <summary>The names of an enum's values as settings write them.</summary>
    public static IEnumerable<string> EnumNames(Type type) =>
        Enum.GetValues(type).Cast<object>().Select(
            value => JsonSerializer.SerializeToNode(value, type, ConfigFile.Options)!.GetValue<string>());

    private static bool IsGeneric(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The serializer's message without the position, which counts bytes of a text that nobody has seen.</summary>
    private static string Sentence(JsonException error) => error.Message.Split([" Path: ", " LineNumber: "], StringSplitOptions.None)[0];
}
