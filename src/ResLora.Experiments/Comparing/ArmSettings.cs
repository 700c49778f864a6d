using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;

namespace ResLora.Experiments.Comparing;

/// <summary>One of the ways that are compared.</summary>
public sealed partial record ArmSettings
{
    // What arms must have in common: an arm that learns other data or for longer says nothing of its method.
    private static readonly string[] _shared =
    [
        "model", "task", "data", "output", "denoising", "samples", "training.seed", "training.steps", "training.epochs",
        "training.evaluateEvery", "training.patience", "training.pauseAt", "training.bestMetric", "training.maxLength",
    ];

    /// <summary>What it is called in folders, tables and plots: letters, digits, and - . + _ between them.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Keys of the run and their values for this arm, such as <c>adapter.rank: 16</c>, or <c>adapter: {rank: 16}</c>; what they do not
    /// name stays. Default: the run as the file has it.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Set { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// Its own learning rates to choose from, as many as <c>compare.tune.learningRate</c> has. Default: those.
    /// </summary>
    public IReadOnlyList<double>? LearningRates { get; init; }

    /// <summary>The settings as they are written, <c>key=value</c> each.</summary>
    internal IReadOnlyList<string> Assignments => [.. Set.Select(setting => $"{setting.Key}={setting.Value.GetRawText()}")];

    /// <summary>The same, a single setting each: of a section, those that it names.</summary>
    internal IEnumerable<string> SingleAssignments => Settings.Select(setting => $"{setting.Key}={setting.Value.GetRawText()}");

    private IEnumerable<KeyValuePair<string, JsonElement>> Settings =>
        Set.SelectMany(setting => DottedKeys.Of(typeof(RunConfig), setting.Key, setting.Value));

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!FolderName().IsMatch(Name))
        {
            yield return $"'{Name}' is no name for an arm, since a folder is called after it; take letters and digits with - . + _ between them";
        }

        foreach (var (key, _) in Set.Where(setting => setting.Value is { ValueKind: JsonValueKind.Object } keys
            && !keys.EnumerateObject().Any()))
        {
            yield return $"arm '{Name}' sets '{key}' to {{}}, which names no key; name what the arm sets, such as adapter.rank: 16";
        }

        foreach (var key in Settings.Select(setting => setting.Key).Where(IsShared))
        {
            yield return $"arm '{Name}' sets '{key}', which all arms must have in common; leave it out";
        }
    }

    /// <summary>Whether a key is one that all must have in common.</summary>
    /// <param name="key">The dotted key.</param>
    internal static bool IsShared(string key) =>
        _shared.Any(shared => key == shared || key.StartsWith(shared + ".", StringComparison.Ordinal));

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.+_-]{0,58}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex FolderName();
}
