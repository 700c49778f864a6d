using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Compares what is going to be written with the room on the disk, before hours of work.</summary>
public static class DiskSpace
{
    /// <summary>Checks that there is room.</summary>
    /// <param name="path">The folder or file to write; it need not exist.</param>
    /// <param name="bytes">About how much is written.</param>
    /// <param name="subject">What is written, in the plural: the start of the sentence, such as <c>The run's files</c>.</param>
    /// <exception cref="DiskFullException">There is less room.</exception>
    public static void Require(string path, long bytes, string subject)
    {
        if (Free(path) is { } free && free < bytes)
        {
            throw new DiskFullException(
                $"{subject} need about {ByteSize.Format(bytes)} in '{path}', and {ByteSize.Format(free)} are free there; make room or choose a place on another disk.");
        }
    }

    /// <summary>How much the files in a folder, and those below it, take.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <returns>Bytes.</returns>
    public static long Used(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;

    /// <summary>The room that this user has on the disk of a path.</summary>
    /// <param name="path">The folder or file; it need not exist.</param>
    /// <returns>Bytes; null when the system does not tell.</returns>
    public static long? Free(string path)
    {
        try
        {
            var at = FilePlace.Of(path);
            while (!Path.Exists(at) && Path.GetDirectoryName(at) is { } parent)
            {
                at = parent;
            }

            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(at)! : at).AvailableFreeSpace;
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return null;
        }
    }
}
