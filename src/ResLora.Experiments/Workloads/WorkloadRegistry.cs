using ResLora.Experiments.Workloads.Generation;
using ResLora.Experiments.Workloads.Pictures;
using ResLora.Experiments.Workloads.TextLabels;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Experiments.Workloads;

/// <summary>All workloads. A new one is a folder and a line here.</summary>
internal static class WorkloadRegistry
{
    private static readonly Workload[] _ours =
    [
        new GenerationWorkload(),
        new LabelledWorkload(),
        new PictureWorkload(),
        new TextToImageWorkload(),
    ];

    private static readonly Additions<Workload> _others = new();

    /// <summary>The names of all tasks.</summary>
    public static IReadOnlyList<string> Tasks => [.. All.SelectMany(workload => workload.Tasks)];

    private static IEnumerable<Workload> All => [.. _ours, .. _others.Items];

    /// <summary>Adds a workload of one's own, whose tasks runs may then name.</summary>
    /// <param name="workload">The workload.</param>
    /// <returns>Disposing it takes the workload out again.</returns>
    /// <exception cref="ArgumentException">One of its tasks is another workload's.</exception>
    public static IDisposable Register(Workload workload) => workload.Tasks.Intersect(Tasks).FirstOrDefault() is { } taken
        ? throw new ArgumentException($"There is a task '{taken}' already.", nameof(workload))
        : _others.Add(workload);

    /// <summary>The workload of a task.</summary>
    /// <param name="task">The task's name.</param>
    /// <returns>The workload.</returns>
    /// <exception cref="ConfigException">There is no such task.</exception>
    public static Workload Of(string task) => All.FirstOrDefault(workload => workload.Tasks.Contains(task))
        ?? throw new ConfigException($"There is no task '{task}'.{NearestName.Suggestion(task, Tasks)} Tasks: {string.Join(", ", Tasks)}.");

    /// <summary>The workload that a network can do.</summary>
    /// <param name="network">The network.</param>
    /// <param name="model">Its folder.</param>
    /// <returns>The workload.</returns>
    /// <exception cref="ConfigException">There is none.</exception>
    public static Workload Of(Network network, string model) => All.FirstOrDefault(workload => workload.Fits(network))
        ?? throw new ConfigException($"{model}: there is no task that a model of this kind can do.");
}
