using System.Diagnostics;
using System.Globalization;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>
/// Clears away what killed processes of ours left under hidden names; what was moved aside and is missing in its place comes back.
/// </summary>
public static class Leftovers
{
    private static readonly EnumerationOptions _hidden =
        new() { AttributesToSkip = FileAttributes.None, MatchCasing = MatchCasing.CaseSensitive };

    /// <summary>Clears a folder of all leftovers directly in it. Those of processes that still run stay.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static void Sweep(string folder) => Sweep(folder, ".*");

    /// <summary>Clears away the leftovers of one target.</summary>
    internal static void SweepBeside(string target)
    {
        if (Path.GetDirectoryName(target) is { } folder)
        {
            Sweep(folder, $".{Path.GetFileName(target)}.*");
        }
    }

    private static void Sweep(string folder, string pattern)
    {
        try
        {
            foreach (var path in Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, pattern, _hidden) : [])
            {
                var name = TemporarySibling.Parse(path);
                if (name.Success && new FileInfo(path).LinkTarget is null)
                {
                    Sweep(path, Path.Combine(folder, name.Groups["name"].Value), name.Groups["kind"].Value, name.Groups["process"].Value);
                }
            }
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // A folder that cannot be listed is reported by whoever writes to it.
        }
    }

    private static void Sweep(string path, string target, string kind, string process)
    {
        if (kind == TemporarySibling.Complete)
        {
            return;   // its own folder takes it in (WrittenThrough)
        }

        using IDisposable? owned = Directory.Exists(path) ? DiskCalls.TryLockFolder(path) : TryLockFile(path);
        if (owned is null && !(OperatingSystem.IsWindows() && IsGone(process)))
        {
            return;
        }

        owned?.Dispose();
        if (kind == TemporarySibling.Old && !Path.Exists(target))
        {
            Directory.Move(path, target);
            return;
        }

        TemporarySibling.Remove(path);
    }

    /// <summary>Files are open while they are written, and locked with that.</summary>
    private static FileStream? TryLockFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return null;
        }
    }

    /// <summary>For Windows, where folders have no locks.</summary>
    private static bool IsGone(string process)
    {
        try
        {
            using var found = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture));
            return found.HasExited;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or OverflowException)
        {
            return true;
        }
    }
}
