using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Comparing;

/// <summary>Digests of what a comparison is made from, so that a repetition knows whether it has the same.</summary>
internal static class ComparedFiles
{
    public const string Model =
        "model", Training = "training data", Validation = "validation data", Test = "test data", General = "general text",
        StartFrom = "startFrom", ChatTemplate = "chat template";

    /// <summary>The digests, by what they are of.</summary>
    /// <param name="files">The files, by what they are.</param>
    /// <exception cref="FileFormatException">A file is missing or cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> files) =>
        files.ToDictionary(file => file.Key, file => ContentDigest.Of(file.Key, file.Value));

    /// <summary>The files of a comparison, by what they are.</summary>
    /// <param name="config">The comparison.</param>
    public static IReadOnlyDictionary<string, string> FilesOf(CompareConfig config) =>
        FilesOf(config.Run, (Test, config.Settings.Test), (General, config.Settings.GeneralText));

    /// <summary>The files that runs are made from, by what they are.</summary>
    /// <param name="run">The run that all are made from.</param>
    /// <param name="further">What else there is, by what it is; null for nothing.</param>
    public static IReadOnlyDictionary<string, string> FilesOf(RunConfig run, params (string Name, string? Path)[] further)
    {
        (string Name, string? Path)[] files =
        [
            (Model, run.Model), (Training, run.Data.Train), (Validation, run.Data.Validation), (StartFrom, run.StartFrom),
            (ChatTemplate, run.Data.ChatTemplateFile), .. further,
        ];
        return files.Where(file => file.Path is not null).ToDictionary(file => file.Name, file => file.Path!);
    }

    /// <summary>The settings of a run without its paths: digests say what lies there, so that a comparison may be moved.</summary>
    /// <param name="run">The run.</param>
    public static JsonObject SettingsOf(RunConfig run)
    {
        var settings = (JsonObject)JsonSerializer.SerializeToNode(run, ConfigFile.Options)!;
        ConfigBinder.ReplacePaths(settings, typeof(RunConfig), (_, _) => null);
        return settings;
    }
}
