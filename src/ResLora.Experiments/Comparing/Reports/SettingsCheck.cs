using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Which settings of two comparisons differ, by what their reports keep of them.</summary>
internal static class SettingsCheck
{
    // Digests say what lies there, arms and seeds are compared by themselves, and the rest changes no figure but time and memory.
    private static readonly string[] _leftOut =
    [
        "model", "startFrom", "output", "data.train", "data.validation", "data.chatTemplateFile", "compare.test", "compare.generalText",
        "compare.arms", "compare.exclude", "compare.seeds", "compare.reference", "training.seed", "training.threads",
        "training.checkpointEvery", "training.keepCheckpoints",
    ];

    /// <summary>The settings that differ, with both values.</summary>
    /// <param name="earlier">The earlier settings as YAML.</param>
    /// <param name="now">Those of the repetition.</param>
    public static IEnumerable<(string Key, string Earlier, string Now)> Of(string earlier, string now)
    {
        var (theirs, ours) = (Leaves(earlier), Leaves(now));
        foreach (var key in theirs.Keys.Union(ours.Keys).Except(_leftOut).Order(StringComparer.Ordinal))
        {
            var (a, b) = (theirs.GetValueOrDefault(key), ours.GetValueOrDefault(key));
            // A key that a version did not know has its default there, which changes nothing; a section that is null is another thing.
            var isOfOne = a is null ? !HasNull(theirs, key) : b is null && !HasNull(ours, key);
            // What auto stood for is part of the settings since; a report from before does not say it.
            var isUntold = key == "training.dataType" && a == "\"auto\"";
            if (a != b && !isOfOne && !isUntold)
            {
                yield return (key, a ?? "none", b ?? "none");
            }
        }
    }

    private static bool HasNull(Dictionary<string, string> leaves, string key) =>
        leaves.Any(leaf => leaf.Value == "null" && key.StartsWith(leaf.Key + ".", StringComparison.Ordinal));

    private static Dictionary<string, string> Leaves(string yaml)
    {
        var leaves = new Dictionary<string, string>(StringComparer.Ordinal);
        void Add(JsonNode? node, string path)
        {
            if (node is JsonObject { Count: > 0 } keys)
            {
                foreach (var (key, value) in keys)
                {
                    Add(value, path.Length == 0 ? key : $"{path}.{key}");
                }
            }
            else
            {
                leaves[path] = node?.ToJsonString() ?? "null";
            }
        }

        Add(YamlTree.Parse(yaml, "the settings of a report").Root, "");
        return leaves;
    }
}
