using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf.Models;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>
/// Opens files from outside, and says in one sentence why one cannot be opened. Never waits for a pipe, never reads a device.
/// </summary>
public static class InputFile
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Opens an ordinary file for reading, unbuffered; it may be replaced or deleted meanwhile.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its content, the caller's to dispose.</returns>
    /// <exception cref="FileFormatException">The file is missing, a folder, not readable, or not an ordinary file.</exception>
    public static FileStream OpenRead(string path)
    {
        FileStream stream;
        try
        {
            if (FileKind.IsSpecial(path))
            {
                throw NotOrdinary(path);
            }

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
        throw NotOrdinary(path);
    }

    /// <summary>Reads a whole file, which may be one that a model in a GGUF file has (<see cref="ModelFiles"/>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The largest size accepted, in bytes.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="FileFormatException">As for <see cref="OpenRead"/>; or the file is too large.</exception>
    public static byte[] ReadBytes(string path, long maxBytes)
    {
        if (GgufFolder.Find(path) is { } made)
        {
            return made;
        }

        using var stream = OpenRead(path);
        if (stream.Length > Math.Min(maxBytes, Array.MaxLength))
        {
            throw new FileFormatException($"'{path}' has {stream.Length} bytes; at most {maxBytes} are accepted for this kind of file.");
        }

        try
        {
            var bytes = new byte[stream.Length];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count == bytes.Length ? bytes : bytes[..count];
        }
        catch (IOException error)
        {
            throw new FileFormatException($"'{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads a whole text file in UTF-8, with or without a mark in front.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The largest size accepted, in bytes.</param>
    /// <returns>The text.</returns>
    /// <exception cref="FileFormatException">As for <see cref="OpenRead"/>; or the file is too large, or not in UTF-8.</exception>
    public static string ReadText(string path, long maxBytes)
    {
        var bytes = WithoutMark(ReadBytes(path, maxBytes));
        try
        {
            return _strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new FileFormatException($"'{path}' is not valid UTF-8; save it as UTF-8.", error);
        }
    }

    /// <summary>The bytes behind the mark that some editors put in front of UTF-8.</summary>
    internal static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) => bytes.AsMemory(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);

    private static FileFormatException NotOrdinary(string path) =>
        new($"'{path}' is not an ordinary file (a pipe or a device); copy its content into a file first.");

    private static string Reason(string path, Exception error) => error switch
    {
        _ when Directory.Exists(path) => $"'{path}' is a folder; a file is needed here.",
        FileNotFoundException or DirectoryNotFoundException => $"'{path}' does not exist; check the path.",
        UnauthorizedAccessException => $"'{path}' cannot be opened: this user may not read it.",
        _ => $"'{path}' cannot be opened: {error.Message}",
    };
}
