using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>The folder of a run: config.yaml, metrics.jsonl, loss.png, checkpoints/, best/ and last/.</summary>
/// <param name="path">The folder.</param>
public sealed class RunFolder(string path)
{
    /// <summary>The folder itself.</summary>
    public string Path { get; } = path;

    /// <summary>The resolved settings.</summary>
    public string ConfigFile => In("config.yaml");

    /// <summary>A line of JSON for every step and evaluation.</summary>
    public string MetricsFile => In("metrics.jsonl");

    /// <summary>A picture of the training and validation losses; there when two steps or more were done.</summary>
    public string LossPlot => In("loss.png");

    /// <summary>A picture of the losses that evaluations measured; there when merged models were scored twice or more.</summary>
    public string EvaluationPlot => In("evaluation.png");

    /// <summary>What was saved at the best evaluation; missing when nothing was evaluated.</summary>
    public string Best => In("best");

    /// <summary>What was saved at the end.</summary>
    public string Last => In("last");

    /// <summary>What a run goes on from; there while it is not over, or as long as it is kept.</summary>
    public string Checkpoints => In("checkpoints");

    /// <summary>The best when there is one, else the last.</summary>
    public string BestOrLast => Directory.Exists(Best) ? Best : Last;

    /// <summary>The run whose best or last an adapter folder is.</summary>
    /// <param name="adapter">The adapter folder.</param>
    /// <returns>The run's folder, or null when there are no settings beside the adapter.</returns>
    public static RunFolder? Around(string adapter)
    {
        var parent = System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(adapter)));
        return parent is not null && File.Exists(new RunFolder(parent).ConfigFile) ? new RunFolder(parent) : null;
    }

    /// <summary>What the run around an adapter has saved, so that no output replaces it.</summary>
    /// <param name="adapter">The adapter folder, or null.</param>
    /// <returns>Folders, which need not exist; none when the adapter is in no run.</returns>
    internal static IEnumerable<string> SavedAround(string? adapter) =>
        adapter is not null && Around(adapter) is { } run ? [run.Best, run.Last, run.Checkpoints, run.MetricsFile] : [];

    /// <summary>
    /// Checks that a run may begin, or go on, in the folder. Nothing is written; what takes long can wait until it is known.
    /// </summary>
    /// <param name="resume">Whether an earlier run in this folder is to go on.</param>
    /// <exception cref="ConfigException">It may not.</exception>
    public void RequireReady(bool resume) => RunStart.Require(Path, resume);

    /// <summary>Saves the settings.</summary>
    /// <typeparam name="T">The record of settings.</typeparam>
    /// <param name="config">The resolved settings.</param>
    /// <exception cref="ConfigException">The disk refuses.</exception>
    public void Save<T>(T config) => Configuration.ConfigFile.Save(config, ConfigFile);

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
