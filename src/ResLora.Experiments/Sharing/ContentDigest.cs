using System.Security.Cryptography;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Sharing;

/// <summary>Short digests of what a job is made from, to be held against those of another machine or another day.</summary>
internal static class ContentDigest
{
    /// <summary>The digest of a text.</summary>
    /// <param name="text">The text.</param>
    public static string OfText(string text) => Short(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The digest of a file, or of a folder's files.</summary>
    /// <param name="name">What it is, for errors.</param>
    /// <param name="path">Where it is.</param>
    /// <exception cref="FileFormatException">It is missing or cannot be read.</exception>
    public static string Of(string name, string path)
    {
        if (!Path.Exists(path))
        {
            throw new FileFormatException($"The {name} is not there: '{path}' does not exist.");
        }

        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var part in Directory.Exists(path) ? Names(path) : [""])
            {
                var file = part.Length == 0 ? path : Path.Combine(path, part);
                hash.AppendData(Encoding.UTF8.GetBytes(part));
                using var stream = File.OpenRead(file);
                hash.AppendData(SHA256.HashData(stream));
            }

            return Short(hash.GetHashAndReset());
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw new FileFormatException($"The {name} '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The files of a folder and those below it; hidden ones belong to tools.</summary>
    private static IEnumerable<string> Names(string folder) => Directory
        .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static string Short(byte[] hash)
    {
        const int shown = 16;
        return Convert.ToHexStringLower(hash)[..shown];
    }
}
