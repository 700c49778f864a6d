using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Opens files from outside, and says in one sentence why one cannot be opened.</summary>
internal static class InputFile
{
    /// <summary>Opens an ordinary file for reading, unbuffered; it may be replaced or deleted meanwhile.</summary>
    /// <exception cref="FileFormatException">The file is missing, a folder, not readable, or not an ordinary file.</exception>
    public static FileStream OpenRead(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FileFormatException(Reason(path, error), error);
        }

        if (stream.CanSeek)
        {
            return stream;
        }

        stream.Dispose();
        throw new FileFormatException($"'{path}' is not an ordinary file (a pipe or a device); copy its content into a file first.");
    }

    private static string Reason(string path, Exception error) => error switch
    {
        _ when Directory.Exists(path) => $"'{path}' is a folder; a file is needed here.",
        FileNotFoundException or DirectoryNotFoundException => $"'{path}' does not exist; check the path.",
        UnauthorizedAccessException => $"'{path}' cannot be opened: this user may not read it.",
        _ => $"'{path}' cannot be opened: {error.Message}",
    };
}
