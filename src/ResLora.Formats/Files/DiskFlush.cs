using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>Brings what was written to the disk itself, so that a power cut does not undo it.</summary>
public static class DiskFlush
{
    /// <summary>Flushes a file: what .NET holds back, then what the system holds back.</summary>
    /// <param name="file">The file, open for writing.</param>
    /// <exception cref="IOException">The disk refuses; what was written may be lost.</exception>
    public static void File(FileStream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.Flush();
        DiskCalls.Flush(file.SafeFileHandle);
    }

    /// <summary>Flushes the names in a folder: after a file in it was made, renamed or deleted.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Folder(string path) => DiskCalls.FlushFolder(path);

    /// <summary>Makes a folder and those above it that are missing, and flushes their names.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
        {
            CreateFolder(parent);
            Directory.CreateDirectory(path);
            Folder(parent);
        }
    }
}
