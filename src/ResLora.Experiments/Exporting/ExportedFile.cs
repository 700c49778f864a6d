using System.Security.Cryptography;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Exporting;

/// <summary>A file of an export.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">The SHA-256 of its content, in hexadecimal.</param>
public sealed record ExportedFile(string Name, long Bytes, string Sha256)
{
    /// <summary>All files of a folder but for the report and the marker, by name.</summary>
    /// <exception cref="FileFormatException">A file cannot be read.</exception>
    internal static IReadOnlyList<ExportedFile> Of(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => (Path: path, Name: Path.GetRelativePath(folder, path).Replace('\\', '/')))
            .Where(file => file.Name is not (ExportReport.FileName or OutputMarker.FileName))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => Read(file.Path, file.Name)),
    ];

    private static ExportedFile Read(string path, string name)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return new ExportedFile(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileFormatException($"'{path}' cannot be read: {error.Message}", error);
        }
    }
}
