using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Writes a folder of files that belong together so that nobody ever sees a part of it.</summary>
public static class AtomicFolder
{
    /// <summary>
    /// Fills a hidden folder beside <paramref name="path"/> and renames it into place. An older folder is moved aside
    /// first, comes back if the rename fails, and is deleted at the end. Between the two renames the path is absent for a
    /// moment: no system call that .NET offers swaps two folders at once. A process killed in that moment leaves the old
    /// folder beside the target as <c>.NAME.RANDOM.old</c>, complete.
    /// </summary>
    /// <param name="path">The folder to write or replace.</param>
    /// <param name="fill">
    /// Gets the hidden folder's full path and writes the files; those written by <see cref="AtomicFile"/> are also flushed
    /// to the disk. What it throws passes through, except faults of the disk.
    /// </param>
    /// <param name="overwrite">Whether a folder that has content may be replaced, with all that is in it.</param>
    /// <exception cref="ConfigException">
    /// The target is a file, or has content and <paramref name="overwrite"/> is false, or the disk refuses.
    /// </exception>
    public static void Write(string path, Action<string> fill, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var temporary = TemporarySibling.Of(target, "tmp");
        try
        {
            RequireFree(target, overwrite);
            Directory.CreateDirectory(temporary);
            fill(temporary);
            // Again, because filling may take hours and another run may have written meanwhile.
            RequireFree(target, overwrite);
            MoveIntoPlace(temporary, target);
        }
        catch (Exception error)
        {
            TemporarySibling.Remove(temporary);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw new ConfigException($"Folder '{target}' cannot be written: {error.Message}", error);
            }

            throw;
        }
    }

    private static void RequireFree(string target, bool overwrite)
    {
        if (File.Exists(target))
        {
            throw new ConfigException($"'{target}' is a file; a folder is to be written there. Choose another path.");
        }

        if (!overwrite && Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
        {
            throw new ConfigException($"Folder '{target}' exists and is not empty; choose another path or ask for it to be overwritten.");
        }
    }

    private static void MoveIntoPlace(string temporary, string target)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(temporary, target);
            return;
        }

        var old = TemporarySibling.Of(target, "old");
        Directory.Move(target, old);
        try
        {
            Directory.Move(temporary, target);
        }
        catch
        {
            Directory.Move(old, target);
            throw;
        }

        TemporarySibling.Remove(old);
    }
}
