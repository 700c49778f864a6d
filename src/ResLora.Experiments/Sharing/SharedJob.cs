using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Sharing;

/// <summary>How ranks begin a job whose work they share.</summary>
internal static class SharedJob
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    /// <summary>Begins: <see cref="RequireAlike"/>, and then this rank takes its share of the host's processors.</summary>
    /// <inheritdoc cref="RequireAlike"/>
    /// <returns>The threads, until the job is done.</returns>
    public static ThreadScope Begin(ICommunicator ranks, object settings, params IEnumerable<(string Name, string? Path)> files)
    {
        RequireAlike(ranks, settings, files);
        return new ThreadScope(usual => ProcessorShare.Of(ranks, usual));
    }

    /// <summary>Holds what this rank is about to do against what the first one is.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="settings">An object whose members say what results depend on.</param>
    /// <param name="files">Files and folders that are read, by what they are; null for those that are not given.</param>
    /// <exception cref="ConfigException">It is something else.</exception>
    /// <exception cref="FileFormatException">A file is not there.</exception>
    public static void RequireAlike(ICommunicator ranks, object settings, params IEnumerable<(string Name, string? Path)> files)
    {
        // One process has nobody to differ from, and digests take their time.
        if (ranks.Size == 1)
        {
            return;
        }

        const string none = "none";
        var mine = ((JsonObject)JsonSerializer.SerializeToNode(settings, _json)!)
            .ToDictionary(member => member.Key, member => member.Value?.ToJsonString() ?? none);
        foreach (var (name, path) in files)
        {
            mine[name] = path is null ? none : ContentDigest.Of(name, path);
        }

        RollCall.Require(ranks, mine);
    }
}
