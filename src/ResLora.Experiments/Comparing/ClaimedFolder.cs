using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>A folder of many runs that belongs to one comparison or the like: no other one goes on in it.</summary>
/// <param name="path">The folder.</param>
/// <param name="file">The name of the file that says so.</param>
/// <param name="kind">What it belongs to, such as comparison.</param>
/// <param name="mayChange">What may change while it goes on, as a sentence.</param>
internal sealed class ClaimedFolder(string path, string file, string kind, string mayChange)
{
    private const int LongestShown = 60;

    /// <summary>What it belongs to: names and values.</summary>
    public string IdentityFile => Path.Combine(path, file);

    private string LockFolder => Path.Combine(path, "lock");

    /// <summary>What runs are made from, as parts of an identity: settings, and digests in the place of paths.</summary>
    /// <param name="run">The run that all are made from.</param>
    /// <param name="sources">Digests of model and data.</param>
    public static SortedDictionary<string, string> IdentityOf(RunConfig run, IEnumerable<KeyValuePair<string, string>> sources)
    {
        var settings = ComparedFiles.SettingsOf(run)
            .ToDictionary(setting => setting.Key, setting => setting.Value?.ToJsonString() ?? "null");
        foreach (var (name, digest) in sources)
        {
            settings[name] = digest;
        }

        return new SortedDictionary<string, string>(settings, StringComparer.Ordinal);
    }

    /// <summary>Takes the folder, for a beginning or to go on.</summary>
    /// <param name="identity">What it is to belong to.</param>
    /// <returns>The lock on the folder, the caller's.</returns>
    /// <exception cref="ConfigException">It belongs to another or holds something else, or is in use.</exception>
    public RunLock Enter(IReadOnlyDictionary<string, string> identity)
    {
        Require(identity);
        // Beside the runs and not around them: each of these takes its own folder, and none that another run holds.
        var held = RunLock.Take(LockFolder);
        try
        {
            AtomicFile.WriteText(IdentityFile, JsonSerializer.Serialize(identity, ComparisonJson.Options) + "\n");
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Checks that the folder may be taken. Nothing is written.</summary>
    private void Require(IReadOnlyDictionary<string, string> identity)
    {
        RunLock.RequireFree(LockFolder);
        if (File.Exists(path))
        {
            throw new ConfigException($"'{path}' is a file, and a folder is needed; choose another one (--output).");
        }

        if (!File.Exists(IdentityFile))
        {
            string[] there = Directory.Exists(path)
                ? [.. Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)!)]
                : [];
            if (there.Except([Path.GetFileName(LockFolder)]).FirstOrDefault() is { } something)
            {
                throw new ConfigException(
                    $"'{path}' is not empty ('{something}') and holds no earlier {kind}; choose another folder (--output).");
            }

            return;
        }

        var theirs = CheckedJson.Deserialize<Dictionary<string, string>>(IdentityFile, ComparisonJson.Options);
        string[] differences = [.. identity.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal).SelectMany(
            name => Differences(name, identity.GetValueOrDefault(name), theirs.GetValueOrDefault(name)))];
        if (differences.Length > 0)
        {
            throw new ConfigException(
                $"'{path}' holds another {kind}: {string.Join("; ", differences)}. "
                + $"Go on with its settings and data, or choose another folder (--output). {mayChange}");
        }
    }

    /// <summary>What differs, down to the settings of a section.</summary>
    private static IEnumerable<string> Differences(string name, string? now, string? before)
    {
        if (now == before)
        {
            return [];
        }

        return (Section(now), Section(before)) is ({ } ours, { } theirs)
            ? ours.Select(setting => setting.Key).Union(theirs.Select(setting => setting.Key))
                .SelectMany(key => Differences($"{name}.{key}", Text(ours[key]), Text(theirs[key])))
            : [IsShort(now) && IsShort(before) ? $"{name} is {now ?? "not given"} and was {before ?? "not given"}" : $"{name} is another"];
    }

    private static JsonObject? Section(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // A digest.
            return null;
        }
    }

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";

    private static bool IsShort(string? text) => text is null or { Length: <= LongestShown };
}
