using System.Globalization;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Models;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Reference;

/// <summary>Writes a YAML file to start from: the keys that most runs set, with their defaults and a comment each.</summary>
public static class ConfigTemplate
{
    /// <summary>Writes the file. Nothing is ever replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The base model; null for a place to fill in.</param>
    /// <param name="data">The training data; null for a place to fill in.</param>
    /// <param name="task">The task; null for the one that the data's columns belong to, without data the model's where it has one only,
    /// else completion.</param>
    /// <returns>A sentence on the task if it was found by the data's columns.</returns>
    /// <exception cref="ResLoraException">The file is there already or cannot be written, or the task cannot be found.</exception>
    public static string? Write(string path, string? model, string? data, string? task)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Path.Exists(path))
        {
            throw new ConfigException($"'{path}' is there already, and nothing is replaced; name another file.");
        }

        string? found = null;
        if (task is null && data is not null)
        {
            var (here, place) = (HubPlaces.Model(model), HubPlaces.Data(data));
            (task, var reason) = here is null ? TaskFinder.Find(place, isForEncoder: false) : RunRequest.TaskOf(here, place);
            found = $"The task is {task}: {reason}.";
        }

        task ??= (model is null ? null : OnlyTaskOf(HubPlaces.Model(model))) ?? "completion";
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        AtomicFile.WriteText(path, Text(Path.GetFileName(path), From(folder, model) ?? "path/to/model", From(folder, data), task));
        return found;
    }

    /// <summary>The content.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="model">The base model.</param>
    /// <param name="data">The training data; null for an example of the task's.</param>
    /// <param name="task">The task.</param>
    /// <returns>YAML.</returns>
    internal static string Text(string name, string model, string? data, string task)
    {
        var (adapter, training) = (new Adapters.AdapterConfig(), new TrainConfig());
        var words = WorkloadRegistry.Of(task).Words;
        var length = words.HasLength ? $"  # The longest sample in tokens.\n  maxLength: {training.MaxLength}\n" : "";
        return string.Create(CultureInfo.InvariantCulture, $$"""
            # A fine-tuning run. 'reslora plan {{name}}' says what it would do, 'reslora train {{name}}' does it.
            # Paths count from this file's folder. Every key and its default: docs/configuration.md.

            # The base model: a folder with {{words.ModelFiles}}.
            model: {{Scalar(model)}}

            # {{words.Task}}
            task: {{Scalar(task)}}

            data:
              # {{words.Data}}
              train: {{Scalar(data ?? words.DataExample)}}
              # {{words.Validation}} Without one, a tenth of the training samples is held out, at most {{DataConfig.UsualValidationCount}}.
              # validation: {{words.ValidationExample}}
              # The file's names of the task's columns, where they differ.
              # columns: {{words.Columns}}

            adapter:
              # lora, or another: docs/methods.md.
              # method: dora
              # The size of the update and its strength; it is scaled by alpha / rank.
              rank: {{adapter.Rank}}
              alpha: {{adapter.Alpha}}
              # The layers that get one: names or all-linear. Without this key: the usual ones of the model, parts of its attention.
              # targets: all-linear
              # ResLoRA joins the updates of neighbouring layers: input, block or middle. none: every layer by itself.
              shortcut: {kind: none}

            {{words.Further}}training:
              # Passes over the data; or write steps in place of it.
              epochs: {{TrainConfig.DefaultEpochs}}
              batchSize: {{training.BatchSize}}
              learningRate: {{training.LearningRate}}
            {{length}}  # Steps between evaluations, and between checkpoints that --resume goes on from. 0: at the end only.
              evaluateEvery: {{training.EvaluateEvery}}
              checkpointEvery: {{training.CheckpointEvery}}
              seed: {{training.Seed}}
              # The most memory that the run may take.
              # maxMemory: 8GB

            # The run's folder.
            output: {{Scalar("runs/" + Path.GetFileNameWithoutExtension(name))}}

            """).ReplaceLineEndings("\n");
    }

    // With one task there is nothing to ask the data for.
    private static string? OnlyTaskOf(string model)
    {
        if (!ModelFiles.Exists(Path.Combine(model, "config.json")))
        {
            return null;
        }

        using var network = ModelRegistry.Build(model);
        return WorkloadRegistry.Of(network, model).Tasks is [var only] ? only : null;
    }

    // Quoted where YAML would read something else.
    private static string Scalar(string text) => YamlText.Write(System.Text.Json.Nodes.JsonValue.Create(text)).TrimEnd('\n');

    private static string? From(string folder, string? path) =>
        path is null || Path.IsPathRooted(path) || HubReference.Is(path) ? path : Path.GetRelativePath(folder, Path.GetFullPath(path));
}
