using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Training.Checkpoints;

/// <summary>
/// The checkpoints of one run: <c>checkpoints/step-000100/</c> with the adapter or model as anybody can load it,
/// <c>trainer.json</c>, <c>trainer.safetensors</c> and <c>SHA256SUMS</c>. Each appears whole or not at all; what happens to one later,
/// its sums tell.
/// </summary>
/// <param name="runFolder">The run's folder.</param>
public sealed class CheckpointStore(string runFolder)
{
    internal const string FolderName = "checkpoints";
    internal const string TensorsName = "trainer.safetensors";
    private const string StateName = "trainer.json";
    private const string Prefix = "step-";

    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private string Folder => Path.Combine(runFolder, FolderName);

    /// <summary>The folders of all checkpoints, newest first; some may be damaged.</summary>
    public IReadOnlyList<string> Folders => !Directory.Exists(Folder)
        ? []
        : [.. Directory.EnumerateDirectories(Folder, Prefix + "*").Where(path => StepOf(path) > 0).OrderByDescending(StepOf)];

    /// <summary>
    /// Writes a checkpoint and, once it is in place, deletes the oldest ones and incomplete ones before it. Later ones stay until they are
    /// written again: they are damaged, or of a future that will be the same.
    /// </summary>
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
        var path = FolderOf(state.Step);
        AtomicFolder.Write(path, folder =>
        {
            // First, because it may replace the folder with one of its own.
            saveModel(folder);
            SafetensorsWriter.Write(Path.Combine(folder, TensorsName), tensors);
            AtomicFile.WriteText(Path.Combine(folder, StateName), JsonSerializer.Serialize(state, _options) + "\n");
            Checksums.Write(folder);
        }, overwrite: true);
        var earlier = Folders.Where(folder => StepOf(folder) < state.Step).ToArray();
        foreach (var old in earlier.Except(earlier.Where(IsComplete).Take(keep - 1)))
        {
            Delete(old);
        }

        return path;
    }

    /// <summary>Clears away what a killed process left half written or half deleted.</summary>
    public void Sweep() => Leftovers.Sweep(Folder);

    /// <summary>The folder of a checkpoint.</summary>
    /// <param name="step">How many steps are done.</param>
    /// <returns>The folder, which need not exist.</returns>
    public string FolderOf(int step) => Path.Combine(Folder, Prefix + step.ToString("D6", CultureInfo.InvariantCulture));

    /// <summary>Reads where the run stood, and checks that every file of the checkpoint is as it was written.</summary>
    /// <param name="path">A folder of <see cref="Folders"/>.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="FileFormatException">The checkpoint is damaged.</exception>
    public static SavedCheckpoint Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(Path.Combine(path, Checksums.FileName)))
        {
            Checksums.Require(path);
        }

        var state = ReadState(path);

        // Versions that kept no sums are taken at their word.
        return state.IsOfEarlierVersion || File.Exists(Path.Combine(path, Checksums.FileName))
            ? new SavedCheckpoint(path, state)
            : throw new FileFormatException($"'{path}' is damaged: {Checksums.FileName} is missing.");
    }

    /// <summary>Reads where the run stood, to tell it; the other files are not looked at.</summary>
    /// <param name="path">A folder of <see cref="Folders"/>.</param>
    /// <returns>Where it stood.</returns>
    /// <exception cref="FileFormatException">The state is missing or damaged.</exception>
    public static TrainerState ReadState(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var state = CheckedJson.Deserialize<TrainerState>(Path.Combine(path, StateName), _options);
        return state is { Step: > 0, Identity: not null } && state.Step == StepOf(path)
            ? state
            : throw new FileFormatException($"'{path}' is damaged: {StateName} says step {state.Step}.");
    }

    private static bool IsComplete(string path) =>
        File.Exists(Path.Combine(path, StateName)) && File.Exists(Path.Combine(path, TensorsName));

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
