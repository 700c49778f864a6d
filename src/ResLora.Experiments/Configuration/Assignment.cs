using System.Text.Json.Nodes;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Configuration;

/// <summary>A setting given beside the file: <c>adapter.rank=8</c>.</summary>
internal static class Assignment
{
    /// <summary>Sets the value in the tree, making the objects on the way; keys are checked later, with all others.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="assignment"><c>key=value</c>.</param>
    /// <param name="places">Where values stand; the assignment's is noted.</param>
    /// <exception cref="ConfigException">There is no key, or the value is no YAML, or the key goes through a plain value.</exception>
    public static void Apply(JsonObject root, string assignment, Dictionary<string, string> places)
    {
        var parts = assignment.Split('=', 2);
        var path = parts[0].Trim();
        var keys = path.Split('.');
        if (parts.Length != 2 || keys.Any(string.IsNullOrWhiteSpace))
        {
            throw new ConfigException($"'{assignment}' is no assignment; write key=value, such as adapter.rank=8.");
        }

        var owner = root;
        foreach (var key in keys[..^1])
        {
            if (owner[key] is not (null or JsonObject))
            {
                throw new ConfigException($"'{assignment}': '{key}' has a plain value in the file, so '{path}' cannot be set.");
            }

            owner[key] ??= new JsonObject();
            owner = (JsonObject)owner[key]!;
        }

        owner[keys[^1]] = YamlTree.Parse(parts[1], $"the value of '{path}'").Root;
        places[path] = "override";
    }
}
