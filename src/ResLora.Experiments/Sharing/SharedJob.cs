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

    /// <summary>Holds what this rank is about to do against what the first one is, and takes its share of the host's processors.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="settings">An object whose members say what results depend on.</param>
    /// <param name="files">Files and folders that are read, by what they are; null for those that are not given.</param>
    /// <returns>The threads, until the job is done.</returns>
    /// <exception cref="ConfigException">A rank is about to do something else.</exception>
    /// <exception cref="FileFormatException">A file is not there.</exception>
    public static ThreadScope Begin(ICommunicator ranks, object settings, params IEnumerable<(string Name, string? Path)> files)
    {
        if (ranks.Size > 1)
        {
            var mine = ((JsonObject)JsonSerializer.SerializeToNode(settings, _json)!)
                .ToDictionary(member => member.Key, member => member.Value?.ToJsonString() ?? "none");
            foreach (var (name, path) in files)
            {
                mine[name] = path is null ? "none" : ContentDigest.Of(name, path);
            }

            RollCall.Require(ranks, mine);
        }

        return new ThreadScope(usual => ProcessorShare.Of(ranks, usual));
    }
}
