using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>A file with the keys of a run and a section of its own beside them, such as <c>compare</c>.</summary>
/// <typeparam name="T">The section's settings.</typeparam>
internal sealed class SectionedRun<T>
    where T : class, ICheckedConfig
{
    private readonly JsonObject _root;
    private readonly string _folder;

    private SectionedRun(JsonObject root, string path, string folder, RunConfig run, T settings, IReadOnlyList<string> problems)
    {
        (_root, _folder, Run, Settings, Problems) = (root, folder, run with { Output = null }, settings, problems);
        Output = run.Output ?? Path.Combine(folder, "runs", Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>The run, without a folder.</summary>
    public RunConfig Run { get; }

    /// <summary>The section.</summary>
    public T Settings { get; }

    /// <summary>What is wrong with the section, to be told with what else is found; the run is free of problems.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>The folder for all that comes of it. Default: <c>runs/</c> and the file's name, in the file's folder.</summary>
    public string Output { get; }

    /// <summary>Reads a file and checks the run and the section together.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="section">The section's key.</param>
    /// <param name="purpose">What the section says and how it is written, for those who have none.</param>
    /// <param name="assignments"><c>key=value</c> each, which override the file.</param>
    /// <param name="change">Changes the tree when the assignments are made; null for nothing.</param>
    /// <exception cref="ResLoraException">The file cannot be read, or the run is wrong: all problems are listed.</exception>
    public static SectionedRun<T> Read(
        string path, string section, string purpose, IEnumerable<string> assignments, Action<JsonObject>? change = null)
    {
        var (root, places) = ConfigFile.ReadTree(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Complete(root, section, folder);
        foreach (var assignment in assignments)
        {
            Assignment.Apply(root, assignment, places);
        }

        change?.Invoke(root);
        Complete(root, section, Directory.GetCurrentDirectory());
        var problems = new List<string>();
        var settings = root[section] is JsonObject own ? ConfigBinder.Collect<T>(own, section, places, problems) : null;
        if (root[section] is not JsonObject)
        {
            problems.Add($"'{section}' {(root.ContainsKey(section) ? "has no keys" : "is missing")}; {purpose}");
        }

        root.Remove(section);
        var ofRun = new List<string>();
        var run = ConfigBinder.Collect<RunConfig>(root, "", places, ofRun);
        if (settings is null || ofRun.Count > 0)
        {
            ConfigBinder.ThrowIfAny(path, [.. problems, .. ofRun]);
        }

        ConfigBinder.LocatePaths(root, typeof(RunConfig));
        return new SectionedRun<T>(root, path, folder, ConfigFile.Located(run!), ConfigFile.Located(settings!), problems);
    }

    /// <summary>The run with some keys set otherwise.</summary>
    /// <param name="assignments"><c>key=value</c> each.</param>
    /// <param name="problems">What is wrong with it is added.</param>
    /// <returns>The run, without a folder; null when nothing can be made of it.</returns>
    public RunConfig? With(IEnumerable<string> assignments, List<string> problems)
    {
        var own = (JsonObject)_root.DeepClone();
        foreach (var assignment in assignments)
        {
            Assignment.Apply(own, assignment, []);
        }

        ConfigBinder.CompletePaths(own, typeof(RunConfig), _folder);
        var run = ConfigBinder.Collect<RunConfig>(own, "", new Dictionary<string, string>(), problems);
        problems.AddRange(run is null ? [] : EarlyEnds(run.Training));
        return run is null ? null : ConfigFile.Located(run with { Output = null });
    }

    private static IEnumerable<string> EarlyEnds(TrainConfig training)
    {
        if (training.Patience > 0)
        {
            yield return "training.patience may end a run before the others; leave it out, so that all make as many steps";
        }

        if (training.PauseAt is not null)
        {
            yield return "training.pauseAt ends a run before its last step; leave it out";
        }
    }

    private static void Complete(JsonObject root, string section, string folder)
    {
        ConfigBinder.CompletePaths(root, typeof(RunConfig), folder);
        if (root[section] is JsonObject own)
        {
            ConfigBinder.CompletePaths(own, typeof(T), folder);
        }
    }
}
