using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Formats.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Training.Checkpoints;

/// <summary>
/// The checkpoints of one run: <c>checkpoints/step-000100/</c> with the adapter or model as anybody can load it,
/// <c>trainer.json</c> and <c>trainer.safetensors</c>. Each appears whole or not at all.
/// </summary>
/// <param name="runFolder">The run's folder.</param>
public sealed class CheckpointStore(string runFolder)
{
    internal const string TensorsName = "trainer.safetensors";
    private const string StateName = "trainer.json";
    private const string Prefix = "step-";

    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private string Folder => Path.Combine(runFolder, "checkpoints");

    /// <summary>Writes a checkpoint and, once it is in place, deletes the oldest ones.</summary>
    /// <param name="state">Where the run stands.</param>
    /// <param name="tensors">What it needs to go on, borrowed.</param>
    /// <param name="saveModel">Writes the adapter or model into the folder given.</param>
    /// <param name="keep">How many checkpoints stay, this one included.</param>
    /// <returns>The new checkpoint's folder.</returns>
    /// <exception cref="ConfigException">The disk refuses.</exception>
    public string Save(TrainerState state, IEnumerable<KeyValuePair<string, Tensor>> tensors, Action<string> saveModel, int keep)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(saveModel);
        var path = Path.Combine(Folder, Prefix + state.Step.ToString("D6", CultureInfo.InvariantCulture));
        AtomicFolder.Write(path, folder =>
        {
            // First, because it may replace the folder with one of its own.
            saveModel(folder);
            SafetensorsWriter.Write(Path.Combine(folder, TensorsName), tensors);
            AtomicFile.WriteText(Path.Combine(folder, StateName), JsonSerializer.Serialize(state, _options) + "\n");
        }, overwrite: true);
        foreach (var (_, old) in Complete().Where(c => c.Step != state.Step).Skip(keep - 1))
        {
            Delete(old);
        }

        return path;
    }

    /// <summary>Clears away what a killed process left half written or half deleted.</summary>
    public void Sweep() => Leftovers.Sweep(Folder);

    /// <summary>Finds the newest complete checkpoint.</summary>
    /// <returns>The checkpoint, or null when there is none.</returns>
    /// <exception cref="FileFormatException">Its trainer.json is broken.</exception>
    public SavedCheckpoint? Newest() => Complete().Select(c => Read(c.Path)).FirstOrDefault();

    private static SavedCheckpoint Read(string path)
    {
        var file = Path.Combine(path, StateName);
        var state = CheckedJson.Deserialize<TrainerState>(file, _options);
        return state is { Step: > 0, Identity: not null }
            ? new SavedCheckpoint(path, state)
            : throw new FileFormatException($"'{file}' says step {state.Step}; a checkpoint has at least one step and an identity.");
    }

    /// <summary>Checkpoints with all their files, newest first.</summary>
    private List<(int Step, string Path)> Complete() => !Directory.Exists(Folder)
        ? []
        : [.. Directory.EnumerateDirectories(Folder, Prefix + "*")
            .Where(path => File.Exists(Path.Combine(path, StateName)) && File.Exists(Path.Combine(path, TensorsName)))
            .Select(path => (Step: StepOf(path), path))
            .Where(c => c.Step > 0)
            .OrderByDescending(c => c.Step)];

    private static int StepOf(string path) =>
        int.TryParse(Path.GetFileName(path)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0;

    private static void Delete(string path)
    {
        try
        {
            AtomicFolder.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The old checkpoint '{path}' cannot be deleted: {error.Message}", error);
        }
    }
}
