using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Comparing;

/// <summary>
/// run.json: a run of a comparison is done, and this is what only its process knew. Of a run that has come to where it pauses,
/// paused-000100.json.
/// </summary>
/// <param name="Key">What the run depends on, as a digest.</param>
/// <param name="TrainedParameters">How many numbers were trained.</param>
/// <param name="PeakMemory">
/// The most memory of the process, in bytes; null where the system does not say, and where no step was left for it to do.
/// </param>
internal sealed record RunRecord(string Key, long TrainedParameters, long? PeakMemory)
{
    /// <summary>Why a trial ended without a result; null when it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>The record of a run that is done, or has come to its pause; null when it is not.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="ConfigException">The folder holds a run with other settings or data.</exception>
    /// <exception cref="FileFormatException">The record is malformed.</exception>
    public static RunRecord? Find(PlannedRun run)
    {
        var file = FileOf(run);
        if (!File.Exists(file))
        {
            return null;
        }

        var record = CheckedJson.Deserialize<RunRecord>(file, ComparisonJson.Options);
        return record.Key == run.Key
            ? record
            : throw new ConfigException(
                $"'{run.Folder.Path}' holds a run of arm '{run.Arm}' with other settings; give the arm another name, or the comparison another folder (--output).");
    }

    /// <summary>Says that a run is done, whose checkpoints are then no longer needed, or has come to its pause.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    public void Write(PlannedRun run)
    {
        AtomicFile.WriteText(FileOf(run), JsonSerializer.Serialize(this, ComparisonJson.Options) + "\n");
        if (run.Config.Training.PauseAt is not null)
        {
            return;
        }

        try
        {
            Directory.Delete(run.Folder.Checkpoints, recursive: true);
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // Room only: the next time the run is found to be done, and they are not looked at.
        }
    }

    private static string FileOf(PlannedRun run) => Path.Combine(
        run.Folder.Path,
        run.Config.Training.PauseAt is { } step ? string.Create(CultureInfo.InvariantCulture, $"paused-{step:D6}.json") : "run.json");
}
