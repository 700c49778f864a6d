using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>
/// Writes a folder that cannot be exchanged as a whole: a mount, the current folder. The files are made in a hidden folder in it, whose
/// last rename says that all are there; then they are moved out of it one by one. Whoever finds such a folder goes on where a killed
/// process stopped.
/// </summary>
internal static class WrittenThrough
{
    /// <summary>Stands in the hidden folder's name where others have that of their target, which no folder is called.</summary>
    public const string Name = "reslora-inside";

    private static readonly EnumerationOptions _hidden = new() { AttributesToSkip = FileAttributes.None };

    public static void Write(string place, Action<string> fill, Action require)
    {
        var temporary = TemporarySibling.Inside(place, Name, TemporarySibling.New);
        var complete = Path.ChangeExtension(temporary, TemporarySibling.Complete);
        try
        {
            Directory.CreateDirectory(temporary);
            using var alive = DiskCalls.TryLockFolder(temporary);
            AtomicFolder.Fill(temporary, fill);
            require();
            Directory.Move(temporary, complete);
            FlushOrUndo(place, complete, temporary);
            MoveOut(complete, place);
        }
        catch
        {
            TemporarySibling.Remove(temporary);
            throw;
        }
    }

    /// <summary>Does what a killed process had still to do in a place, and clears away what it had not completed.</summary>
    public static void Complete(string place)
    {
        Leftovers.Sweep(place);
        foreach (var folder in Directory.GetDirectories(place, $".{Name}.*.{TemporarySibling.Complete}", _hidden))
        {
            if (TemporarySibling.Parse(folder).Success && DiskCalls.TryLockFolder(folder) is { } alone)
            {
                using (alone)
                {
                    if (Directory.EnumerateFileSystemEntries(folder).Any())
                    {
                        MoveOut(folder, place);
                    }
                    else
                    {
                        TemporarySibling.Remove(folder);   // all was done but this
                    }
                }
            }
        }
    }

    private static void FlushOrUndo(string place, string complete, string temporary)
    {
        try
        {
            DiskFlush.Folder(place);
        }
        catch
        {
            Directory.Move(complete, temporary);
            throw;
        }
    }

    private static void MoveOut(string complete, string place)
    {
        var after = OutputMarker.Read(complete) ?? throw new ConfigException(
            $"'{complete}' has no {OutputMarker.FileName} that can be read; delete it.");
        var before = OutputMarker.Read(place) ?? [];
        string[] there =
            [.. OutputMarker.Names(place).Where(name => !name.StartsWith(Path.GetFileName(complete) + "/", StringComparison.Ordinal))];
        foreach (var name in after.Where(name => File.Exists(Path.Combine(complete, name))))
        {
            if (there.Contains(name) && !before.Contains(name))
            {
                throw new ConfigException(
                    $"'{Path.Combine(place, name)}' was not written by reslora and is not replaced by that in '{complete}'; move it away.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(place, name))!);
            File.Move(Path.Combine(complete, name), Path.Combine(place, name), overwrite: true);
        }

        foreach (var name in there.Intersect(before).Except(after))
        {
            File.Delete(Path.Combine(place, name));
        }

        File.Move(Path.Combine(complete, OutputMarker.FileName), Path.Combine(place, OutputMarker.FileName), overwrite: true);
        DiskFlush.Folder(place);
        TemporarySibling.Remove(complete);
    }
}
