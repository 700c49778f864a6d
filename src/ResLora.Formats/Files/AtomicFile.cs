using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Writes a file so that a reader sees the old content or the whole new one, never a part.</summary>
public static class AtomicFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>
    /// Writes a temporary file beside <paramref name="path"/>, flushes it to the disk, renames it into place and flushes its
    /// folder; missing parent folders are made. If anything fails before the rename, the temporary file is removed and the old
    /// file stays as it was. What a killed process left of an earlier attempt is cleared away.
    /// </summary>
    /// <param name="path">The file to write or replace; a symbolic link is itself replaced, not its target.</param>
    /// <param name="write">Writes the content; what it throws passes through, except faults of the disk.</param>
    /// <param name="isDurable">
    /// Whether the content is brought to the disk itself before the rename. False is for what can be made anew and is checked when it is
    /// read: after a power failure the file may be a part. Default true.
    /// </param>
    /// <exception cref="DiskFullException">The disk is full.</exception>
    /// <exception cref="ConfigException">The disk refuses otherwise: read-only, failing, no permission, or the path is a
    /// folder.</exception>
    public static void Write(string path, Action<Stream> write, bool isDurable = true)
    {
        ArgumentNullException.ThrowIfNull(write);
        var target = Path.GetFullPath(path);
        var temporary = TemporarySibling.Of(target, TemporarySibling.New);
        var folder = Path.GetDirectoryName(target)!;
        try
        {
            Leftovers.SweepBeside(target);
            DiskFlush.CreateFolder(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                write(stream);
                if (isDurable)
                {
                    DiskFlush.File(stream);
                }
            }

            File.Move(temporary, target, overwrite: true);
            if (isDurable)
            {
                DiskFlush.Folder(folder);
            }
        }
        catch (Exception error)
        {
            TemporarySibling.Remove(temporary);
            if (DiskFault.Is(error))
            {
                throw DiskFault.Of($"'{TemporarySibling.Shown(target)}'", error);
            }

            throw;
        }
    }

    /// <summary>Writes text as <see cref="Write"/> does: UTF-8 without a byte order mark, line ends as LF.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="text">The content; CR LF becomes LF.</param>
    /// <exception cref="DiskFullException">As for <see cref="Write"/>.</exception>
    /// <exception cref="ConfigException">As for <see cref="Write"/>.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"))));
    }
}
