using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Models;

namespace ResLora.Experiments.Running;

/// <summary>What a command line says of a run: a file, or a model and data, or both.</summary>
public sealed record RunRequest
{
    /// <summary>The YAML file; null when <see cref="Model"/> and <see cref="Data"/> say what is needed.</summary>
    public string? File { get; init; }

    /// <summary>The base model; overrides the file's.</summary>
    public string? Model { get; init; }

    /// <summary>The training data; overrides the file's.</summary>
    public string? Data { get; init; }

    /// <summary>The task; overrides the file's. Null without a file: the one that the data's columns belong to.</summary>
    public string? Task { get; init; }

    /// <summary>The task's names of columns to the file's.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary><c>key=value</c> each, which override all else.</summary>
    public IReadOnlyList<string> Assignments { get; init; } = [];

    /// <summary>Reads the settings, and brings here what they name on a hub.</summary>
    /// <returns>The settings, free of problems, with paths alone, and a sentence on the task if it was found by the data's columns.</returns>
    /// <exception cref="ResLoraException">Something is missing, cannot be read, or cannot be carried out.</exception>
    public (RunConfig Config, string? Found) Read()
    {
        if (File is null && (Model is null || Data is null))
        {
            throw new ConfigException(
                "What is to be trained is missing: name a YAML file, or a model and data (--model DIR --data FILE); 'reslora init' writes a YAML file to start from.");
        }

        var (task, found) = (Task, (string?)null);
        if (File is null && task is null && !Assignments.Any(assignment => assignment.StartsWith("task=", StringComparison.Ordinal)))
        {
            (task, var reason) = TaskOf(HubPlaces.Model(Model!), HubPlaces.Data(Data!));
            found = $"The task is {task}: {reason} (--task names another).";
        }

        string[] assignments = [.. Given("model", Model), .. Given("data.train", Data), .. Given("task", task), .. Columns.SelectMany(
            column => Given($"data.columns.{column.Key}", column.Value)), .. Assignments];
        if (File is { } file)
        {
            return (ConfigFile.Located(RunConfig.Read(file, assignments)), found);
        }

        var config = ConfigFile.Parse<RunConfig>("", "The command line", Directory.GetCurrentDirectory(), assignments);
        var name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(PathOf(config.Data.Train)));
        return (ConfigFile.Located(config with { Output = config.Output ?? Path.GetFullPath(Path.Combine("runs", name)) }), found);
    }

    /// <summary>The task that the data's columns belong to, for a model.</summary>
    /// <param name="model">The base model.</param>
    /// <param name="data">The data.</param>
    /// <returns>The task, and a phrase that says by what it was found.</returns>
    /// <exception cref="ResLoraException">No task fits, or a file cannot be read.</exception>
    internal static (string Task, string Reason) TaskOf(string model, string data)
    {
        using var network = ModelRegistry.Build(model);
        return WorkloadRegistry.Of(network, model).FindTask(data);
    }

    private static string PathOf(string data) =>
        HubReference.Is(data) && HubReference.Parse(data) is var reference ? reference.Path ?? reference.Repository : data;

    private static IEnumerable<string> Given(string key, string? value) =>
        value is null ? [] : [$"{key}={JsonSerializer.Serialize(value)}"];
}
