using ResLora.Formats.Errors;
using ResLora.Training.Checkpoints;

namespace ResLora.Training.Loop;

/// <summary>Whether a run may begin, or go on, in a folder, by what lies there.</summary>
public static class RunStart
{
    private const string Settings = "config.yaml";
    private const string Last = "last";
    private const int Shown = 5;

    /// <summary>What a run writes, and would replace.</summary>
    private static readonly string[] _parts =
        [MetricsLog.FileName, CheckpointStore.FolderName, "best", Last, TensorBoardLog.FolderName, Settings];

    /// <summary>Checks a folder. Nothing is written.</summary>
    /// <param name="runFolder">The folder of the run.</param>
    /// <param name="resume">Whether a run that is there is to go on.</param>
    /// <exception cref="ConfigException">
    /// A run is going on there; or there is one, or a part of one, and none is to go on; or one is to go on, and there is none or it
    /// has ended without a checkpoint.
    /// </exception>
    public static void Require(string runFolder, bool resume)
    {
        RunLock.RequireFree(runFolder);
        RequireState(runFolder, resume);
    }

    /// <summary>Checks a folder and takes it for a run.</summary>
    /// <param name="runFolder">The folder, which is made if it is not there.</param>
    /// <param name="resume">As for <see cref="Require"/>.</param>
    /// <returns>The lock on the folder, the caller's.</returns>
    /// <exception cref="ConfigException">As for <see cref="Require"/>, or the disk refuses.</exception>
    internal static RunLock Enter(string runFolder, bool resume)
    {
        Require(runFolder, resume);
        var held = RunLock.Take(runFolder);
        try
        {
            // Again, because another run may have been there in between; from now on none can.
            RequireState(runFolder, resume);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void RequireState(string runFolder, bool resume)
    {
        if (resume)
        {
            RequireRun(runFolder);
        }
        else
        {
            RequireNoRun(runFolder);
        }
    }

    private static void RequireNoRun(string runFolder)
    {
        var found = _parts.Where(part => Path.Exists(Path.Combine(runFolder, part))).ToArray();
        if (found is [Settings])
        {
            throw new ConfigException($"'{runFolder}' holds a {Settings} that the run's would replace; choose another folder (--output).");
        }

        if (found.Length > 0)
        {
            var newest = new CheckpointStore(runFolder).Folders.Select(path => $" up to {Path.GetFileName(path)}").FirstOrDefault();
            throw new ConfigException(
                $"'{runFolder}' holds an earlier run ({string.Join(", ", found)}{newest}); go on with it (--resume) "
                + "or choose another folder (--output).");
        }
    }

    private static void RequireRun(string runFolder)
    {
        if (!Directory.Exists(runFolder))
        {
            string[] runs = Path.GetDirectoryName(Path.GetFullPath(runFolder)) is { } parent && Directory.Exists(parent)
                ? [.. Directory.GetDirectories(parent).Where(IsBegun).Select(path => Path.GetFileName(path)!)]
                : [];
            var beside = runs.Length == 0 ? "There is no other run beside it either" : $"Runs beside it: {List(runs)}";
            throw new ConfigException(
                $"There is no run in '{runFolder}' to go on with: the folder does not exist."
                + $"{NearestName.Suggestion(Path.GetFileName(runFolder), runs)} {beside}. Without --resume a new run starts there.");
        }

        if (!IsBegun(runFolder))
        {
            string[] names = [.. Directory.EnumerateFileSystemEntries(runFolder).Select(path => Path.GetFileName(path)!)];
            throw new ConfigException(
                $"There is no run in '{runFolder}' to go on with ({(names.Length == 0 ? "it is empty" : $"it holds {List(names)}")}); "
                + "name the folder of a run (--output).");
        }

        if (Directory.Exists(Path.Combine(runFolder, Last)) && new CheckpointStore(runFolder).Folders.Count == 0)
        {
            throw new ConfigException(
                $"The run in '{runFolder}' has ended and left no checkpoint to go on from (training.checkpointEvery). "
                + $"To train on from what it has learnt, start a new run with startFrom: {Path.Combine(runFolder, Last)} (without an adapter: model).");
        }
    }

    /// <summary>Whether a run began in a folder, so that it can go on there.</summary>
    /// <param name="folder">The folder, which need not exist.</param>
    /// <returns>True where a run has left something that only runs leave.</returns>
    public static bool IsBegun(string folder) =>
        File.Exists(Path.Combine(folder, MetricsLog.FileName))
        || File.Exists(Path.Combine(folder, RunLock.LockName))
        || new CheckpointStore(folder).Folders.Count > 0;

    private static string List(string[] names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(Shown))
        + (names.Length > Shown ? $" and {names.Length - Shown} more" : "");
}
