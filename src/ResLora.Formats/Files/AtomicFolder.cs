using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>Writes a folder of files that belong together so that nobody ever sees a part of it.</summary>
public static class AtomicFolder
{
    /// <summary>
    /// Fills a hidden folder beside <paramref name="path"/>, marks it as ours (<see cref="OutputMarker"/>), flushes it and puts it into
    /// place in one step: by a rename, or by exchanging its name with that of an older folder, which is then deleted. If anything fails,
    /// the older folder stays. Where the file system cannot exchange names, the older folder is moved aside for a moment as
    /// <c>.NAME.PROCESS-RANDOM.old</c>, and the next writer puts it back if the process was killed just then.
    /// A symbolic link is followed. A mount, the current folder and a folder whose parent may not be written stay what they are: their
    /// files are replaced one by one once all are there, and the next writer completes what a killed process did not.
    /// </summary>
    /// <param name="path">The folder to write or replace.</param>
    /// <param name="fill">
    /// Gets the hidden folder's full path and writes the files; those written by <see cref="AtomicFile"/> are also flushed
    /// to the disk. What it throws passes through, except faults of the disk.
    /// </param>
    /// <param name="overwrite">Whether a folder that has content may be replaced, if <see cref="OutputGuard.RequireFolder"/> finds it
    /// ours.</param>
    /// <param name="inputs">Files and folders that the output is made from, for <see cref="OutputGuard.RequireFolder"/>.</param>
    /// <exception cref="DiskFullException">The disk is full.</exception>
    /// <exception cref="ConfigException">The target may not be written, or the disk refuses otherwise.</exception>
    public static void Write(string path, Action<string> fill, bool overwrite, params IEnumerable<string?> inputs)
    {
        ArgumentNullException.ThrowIfNull(fill);
        ArgumentNullException.ThrowIfNull(inputs);
        var place = FilePlace.Of(path);
        if (TemporarySibling.Parse(place).Success)
        {
            fill(place);   // part of a folder that is itself being written
            return;
        }

        try
        {
            void Require() => OutputGuard.RequireFolder(path, overwrite, inputs);
            Require();
            if (Start(place) is { } temporary)
            {
                WriteBeside(path, place, temporary, fill, Require);
            }
            else
            {
                WrittenThrough.Write(place, fill, Require);
            }
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw DiskFault.Of($"Folder '{path}'", error);
        }
    }

    /// <summary>
    /// Deletes a folder of ours so that nobody ever sees a part of it: under a hidden name. One that holds what its marker does not name
    /// stays.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public static void Delete(string path)
    {
        var place = FilePlace.Of(path);
        if (OutputMarker.Foreign(place).Count == 0)
        {
            var hidden = TemporarySibling.Of(place, TemporarySibling.New);
            Directory.Move(place, hidden);
            Directory.Delete(hidden, recursive: true);
        }
    }

    /// <summary>
    /// Renames a folder that holds what its marker does not name to the first free name <c>NAME-1</c>, <c>NAME-2</c> …: a run that goes on
    /// needs the name.
    /// </summary>
    /// <param name="path">The folder; it need not exist.</param>
    /// <returns>The new path; null when there was nothing to move.</returns>
    /// <exception cref="ConfigException">The disk refuses.</exception>
    public static string? MoveAsideIfForeign(string path)
    {
        try
        {
            if (!Directory.Exists(path) || OutputMarker.Foreign(path).Count == 0)
            {
                return null;
            }

            var aside = Enumerable.Range(1, int.MaxValue).Select(number => $"{path}-{number}").First(free => !Path.Exists(free));
            Directory.Move(path, aside);
            return aside;
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw DiskFault.Of($"Folder '{path}'", error);
        }
    }

    /// <summary>Makes the hidden folder; null where the place itself has to stay.</summary>
    private static string? Start(string place)
    {
        var exists = Directory.Exists(place);
        if (exists && (FilePlace.IsMount(place) || (FilePlace.Current() is { } current && FilePlace.AreSame(current, place))))
        {
            return null;
        }

        var temporary = TemporarySibling.Of(place, TemporarySibling.New);
        try
        {
            DiskFlush.CreateFolder(Path.GetDirectoryName(place)!);
            Directory.CreateDirectory(temporary);
            return temporary;
        }
        catch (Exception error) when (exists && DiskFault.Is(error) && !DiskFault.IsFull(error))
        {
            return null;   // the parent may not be written, but perhaps the folder may
        }
    }

    private static void WriteBeside(string path, string place, string temporary, Action<string> fill, Action require)
    {
        using var alive = DiskCalls.TryLockFolder(temporary);
        OrUndo(
            () =>
            {
                Fill(temporary, fill);
                // Again, because filling may take hours and another run may have written meanwhile.
                require();
            },
            () => TemporarySibling.Remove(temporary));
        MoveIntoPlace(path, temporary, place);
    }

    /// <summary>Fills a hidden folder, marks it and flushes all folders of it.</summary>
    internal static void Fill(string temporary, Action<string> fill)
    {
        fill(temporary);
        OutputMarker.Write(temporary);
        foreach (var folder in Directory.EnumerateDirectories(temporary, "*", SearchOption.AllDirectories))
        {
            DiskFlush.Folder(folder);
        }
    }

    private static void MoveIntoPlace(string path, string temporary, string place)
    {
        var parent = Path.GetDirectoryName(place)!;
        void Remove() => TemporarySibling.Remove(temporary);
        if (!Directory.Exists(place))
        {
            OrUndo(() => Directory.Move(temporary, place), Remove);
            OrUndo(() => DiskFlush.Folder(parent), () =>
            {
                Directory.Move(place, temporary);
                Remove();
            });
            return;
        }

        // From here on the hidden folder is deleted only after an undo that went well: it may be the older one.
        var exchanged = false;
        OrUndo(() => exchanged = DiskCalls.TryExchange(temporary, place), Remove);
        var old = exchanged ? temporary : MoveBoth(temporary, place);
        OrUndo(
            () =>
            {
                DiskFlush.Folder(parent);
                // Once more: nobody can put anything into the old folder by its name any longer.
                if (OutputGuard.Content(old).Count > 0)
                {
                    OutputGuard.RequireOurs(path, old);
                }
            },
            () =>
            {
                if (!exchanged)
                {
                    Directory.Move(place, temporary);
                    Directory.Move(old, place);
                }
                else if (!DiskCalls.TryExchange(temporary, place))
                {
                    return;
                }

                Remove();
            });
        TemporarySibling.Remove(old);
    }

    /// <summary>For file systems that cannot exchange names: two renames, between which a kill leaves the old folder aside.</summary>
    private static string MoveBoth(string temporary, string place)
    {
        var old = TemporarySibling.Of(place, TemporarySibling.Old);
        OrUndo(() => Directory.Move(place, old), () => TemporarySibling.Remove(temporary));
        OrUndo(() => Directory.Move(temporary, place), () =>
        {
            Directory.Move(old, place);
            TemporarySibling.Remove(temporary);
        });
        return old;
    }

    private static void OrUndo(Action act, Action undo)
    {
        try
        {
            act();
        }
        catch
        {
            undo();
            throw;
        }
    }
}
