using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Text.Data.Readers;

/// <summary>Reads texts that are files of their own.</summary>
internal static class DocumentReader
{
    private const int MaxBytes = 64 << 20;
    private const int MaxFiles = 100_000;

    /// <summary>The extensions of such files.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".txt", ".md"];

    /// <summary>Whether a file is one by its name.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Whether it has one of <see cref="Extensions"/>.</returns>
    public static bool IsDocument(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>The documents of a folder and the folders in it, in the order of their names, hidden ones left out.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Their paths.</returns>
    /// <exception cref="FileFormatException">A folder cannot be read, or there are very many files.</exception>
    public static IReadOnlyList<string> In(string folder)
    {
        try
        {
            var files = Directory.EnumerateFiles(
                folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false })
                .Where(IsDocument)
                .Take(MaxFiles + 1)
                .Order(StringComparer.Ordinal)
                .ToArray();
            return files.Length <= MaxFiles ? files : throw new FileFormatException(
                $"{folder} holds more than {MaxFiles} texts; put them into one .jsonl file.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileFormatException($"{folder} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads a document.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>One row, whose column <c>text</c> is the whole file.</returns>
    /// <exception cref="FileFormatException">The file cannot be read, is too large, or is not UTF-8.</exception>
    public static Row Read(string path)
    {
        using var stream = InputFile.OpenRead(path);
        if (stream.Length > MaxBytes)
        {
            throw new FileFormatException($"{path} has {stream.Length} bytes, a text at most {MaxBytes}; split it into several files.");
        }

        using var lines = new TextLines(stream, path);
        var text = new StringBuilder();
        while (lines.Next() is { } line)
        {
            text.Append(line);
        }

        return new Row(path, "the whole text", new Dictionary<string, string> { ["text"] = text.ToString() });
    }
}
