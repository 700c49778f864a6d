using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Training.Loop;

/// <summary>
/// One run at a time in a folder. The system holds <c>run.lock</c> for the run's process and lets go of it however the process ends;
/// <c>run.pid</c> tells others which process that is. On a disk without locks <c>run.pid</c> counts alone.
/// </summary>
public sealed class RunLock : IDisposable
{
    internal const string LockName = "run.lock";
    private const string HolderName = "run.pid";

    // A folder that is held by nobody who is known yet has just been taken, or is only being looked at.
    private const int Attempts = 20;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _lock;
    private readonly string _folder;

    private RunLock(FileStream held, string folder) => (_lock, _folder) = (held, folder);

    private static string Me => $"{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)} {Environment.MachineName}";

    /// <summary>Takes a folder for a run; it is made if it is not there.</summary>
    /// <param name="runFolder">The folder.</param>
    /// <returns>The lock; disposing it frees the folder.</returns>
    /// <exception cref="ConfigException">Another run holds the folder, or the disk refuses.</exception>
    public static RunLock Take(string runFolder)
    {
        var held = Open(runFolder);
        try
        {
            File.WriteAllText(Path.Combine(runFolder, HolderName), Me + "\n");
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // Only the message for others is lost; the lock holds.
        }

        return new RunLock(held, runFolder);
    }

    /// <summary>Checks that no run holds a folder or one around it. Nothing is written.</summary>
    /// <param name="path">The folder, which need not exist.</param>
    /// <exception cref="ConfigException">A run holds it.</exception>
    public static void RequireFree(string path)
    {
        for (var folder = Path.GetFullPath(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, LockName)))
            {
                Open(folder).Dispose();
            }
        }
    }

    /// <summary>Frees the folder.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(Path.Combine(_folder, HolderName));
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // It then names a process that no longer runs, which counts for nothing.
        }

        _lock.Dispose();
    }

    private static FileStream Open(string folder)
    {
        var path = Path.Combine(folder, LockName);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                var held = Lock(path);
                if (Holder(folder) is not { } other || HasLocks(path))
                {
                    return held;
                }

                held.Dispose();
                throw InUse(folder, other, $" If no run is going on there, delete {HolderName} in it.");
            }
            catch (IOException error) when (IsHeld(error))
            {
                var holder = Holder(folder);
                if (holder is not null || attempt == Attempts)
                {
                    throw InUse(folder, holder ?? "another process", "");
                }

                Thread.Sleep(_pause);
            }
            catch (Exception error) when (DiskFault.Is(error))
            {
                throw DiskFault.Of($"'{path}'", error);
            }
        }
    }

    private static FileStream Lock(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Whether the disk knows locks: a file that we hold cannot be locked a second time. Some network disks do not.</summary>
    private static bool HasLocks(string path)
    {
        try
        {
            Lock(path).Dispose();
            return false;
        }
        catch (IOException error) when (IsHeld(error))
        {
            return true;
        }
    }

    private static bool IsHeld(IOException error)
    {
        const int linux = 11, macOS = 35, windows = unchecked((int)0x80070020);
        return error.HResult == (OperatingSystem.IsWindows() ? windows : OperatingSystem.IsMacOS() ? macOS : linux);
    }

    /// <summary>The living process that a folder's note names, in words; null without a note, or when the process has ended.</summary>
    private static string? Holder(string folder)
    {
        try
        {
            var note = File.ReadAllText(Path.Combine(folder, HolderName)).Trim().Split(' ', 2);
            if (note.Length < 2 || !int.TryParse(note[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                return null;
            }

            var isHere = note[1] == Environment.MachineName;
            return isHere && !IsAlive(id) ? null : $"process {id}{(isHere ? "" : $" on {note[1]}")}";
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return null;
        }
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            return true;   // it is there, and not ours to ask
        }
    }

    private static ConfigException InUse(string folder, string holder, string advice) => new(
        $"'{folder}' is in use: the run of {holder} goes on there. Wait for it, stop it, or choose another folder (--output).{advice}");
}
