using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Sweeping;

/// <summary>What a command line says of a sweep beside <c>--set</c>.</summary>
/// <param name="Over"><c>KEY=VALUE,VALUE,…</c> each: keys to vary, which are added to the file's or take their place.</param>
/// <param name="Budget">How many points are drawn at random; null for what the file says.</param>
/// <param name="Halving">Whether hopeless points are given up early; false for what the file says.</param>
public sealed record SweepLine(IReadOnlyList<string> Over, int? Budget, bool Halving)
{
    /// <summary>Puts it into a file's tree.</summary>
    /// <param name="root">The tree.</param>
    /// <exception cref="ConfigException">A key or its values cannot be read.</exception>
    internal void Apply(JsonObject root)
    {
        if (Over.Count == 0 && Budget is null && !Halving)
        {
            return;
        }

        var section = ObjectIn(root, SweepConfig.Section);
        foreach (var (key, values) in Over.Select(Parse))
        {
            ObjectIn(section, "over")[key] = new JsonArray([.. values.Select(value => Located(key, value?.DeepClone()))]);
        }

        if (Budget is { } budget)
        {
            (section["points"], section["budget"]) = ("random", budget);
        }

        if (Halving)
        {
            _ = ObjectIn(section, "halving");
        }
    }

    /// <summary>A value may itself be a list or keys, as YAML writes them on a line.</summary>
    private static (string Key, JsonArray Values) Parse(string text)
    {
        var parts = text.Split('=', 2);
        var key = parts[0].Trim();
        return parts.Length == 2 && key.Length > 0 && !string.IsNullOrWhiteSpace(parts[1])
            ? (key, (JsonArray)YamlTree.Parse($"[{parts[1]}]", $"the values of '{key}'").Root!)
            : throw new ConfigException($"--over '{text}' names no values; write KEY=VALUE,VALUE, such as adapter.rank=4,8,16.");
    }

    /// <summary>A path on a line is one from where the line is written, as everywhere on it.</summary>
    private static JsonNode? Located(string key, JsonNode? value)
    {
        var root = new JsonObject();
        var keys = key.Split('.');
        var owner = keys[..^1].Aggregate(root, ObjectIn);
        owner[keys[^1]] = value;
        ConfigBinder.CompletePaths(root, typeof(RunConfig), Directory.GetCurrentDirectory());
        return owner[keys[^1]]?.DeepClone();
    }

    private static JsonObject ObjectIn(JsonObject owner, string key)
    {
        if (owner[key] is not JsonObject)
        {
            owner[key] = new JsonObject();
        }

        return (JsonObject)owner[key]!;
    }
}
