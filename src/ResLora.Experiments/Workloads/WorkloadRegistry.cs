using ResLora.Experiments.Workloads.Generation;
using ResLora.Experiments.Workloads.Pictures;
using ResLora.Experiments.Workloads.TextLabels;
using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Experiments.Workloads;

/// <summary>All workloads. A new one is a folder and a line here.</summary>
internal static class WorkloadRegistry
{
    private static readonly Workload[] _all =
    [
        new GenerationWorkload(),
        new LabelledWorkload(),
        new PictureWorkload(),
    ];

    /// <summary>The names of all tasks.</summary>
    public static IReadOnlyList<string> Tasks { get; } = [.. _all.SelectMany(workload => workload.Tasks)];

    /// <summary>The workload of a task.</summary>
    /// <param name="task">The task's name.</param>
    /// <returns>The workload.</returns>
    /// <exception cref="ConfigException">There is no such task.</exception>
    public static Workload Of(string task) => Array.Find(_all, workload => workload.Tasks.Contains(task))
        ?? throw new ConfigException($"There is no task '{task}'.{NearestName.Suggestion(task, Tasks)} Tasks: {string.Join(", ", Tasks)}.");

    /// <summary>The workload that a network can do.</summary>
    /// <param name="network">The network.</param>
    /// <param name="model">Its folder.</param>
    /// <returns>The workload.</returns>
    /// <exception cref="ConfigException">There is none.</exception>
    public static Workload Of(Network network, string model) => Array.Find(_all, workload => workload.Fits(network))
        ?? throw new ConfigException($"{model}: there is no task that a model of this kind can do.");
}
