using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Text.Data.Tasks;

namespace ResLora.Experiments.Running;

/// <summary>
/// <c>reslora_prompt.json</c>: how training wrote its prompts, beside an adapter or a model that was trained here. A tool that is to be
/// asked as in training has to be told.
/// </summary>
/// <param name="Task">The task.</param>
/// <param name="Frame">What stood around the text that was asked; null when prompts were put together from several columns.</param>
internal sealed record TrainedPrompt(string Task, PromptFrame? Frame)
{
    public const string FileName = "reslora_prompt.json";

    /// <summary>What <see cref="ChatTemplate"/> says for the model's own.</summary>
    public const string OwnTemplate = "model";

    /// <summary>
    /// The chat template that prompts were written with: <see cref="OwnTemplate"/>, or the text of another; null where they were written
    /// as the task does.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ChatTemplate { get; init; }

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>How a run writes its prompts; null for a task with labels, which has none.</summary>
    public static TrainedPrompt? Of(RunConfig config) =>
        TaskRegistry.All.FirstOrDefault(task => task.Name == config.Task) is { } task ? new TrainedPrompt(task.Name, task.Frame) : null;

    /// <summary>Writes the file.</summary>
    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, _json) + "\n");

    /// <summary>Reads the file of an adapter or a model, else the settings of the run whose best or last it is; null when neither is
    /// there.</summary>
    /// <exception cref="FileFormatException">The file is malformed.</exception>
    public static TrainedPrompt? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path))
        {
            return CheckedJson.Deserialize<TrainedPrompt>(path, _json);
        }

        // A folder of any other name may lie beside settings that are not its own.
        if (Path.GetFileName(
            Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) is not ("best" or "last")
                || RunFolder.Around(folder) is not { } run)
        {
            return null;
        }

        try
        {
            return Of(RunConfig.Read(run.ConfigFile));
        }
        catch (ResLoraException)
        {
            // Settings of another version: how it was trained is not known, and the plan says so.
            return null;
        }
    }
}
