using System.Security.Cryptography;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Training.Checkpoints;

/// <summary><c>SHA256SUMS</c>: a line for each file of a folder, as <c>sha256sum -c</c> reads it.</summary>
internal static class Checksums
{
    public const string FileName = "SHA256SUMS";
    private const string Gap = "  ";

    /// <summary>Writes the sums of all files that lie in a folder.</summary>
    public static void Write(string folder)
    {
        var lines = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .Select(name => $"{Of(Path.Combine(folder, name))}{Gap}{name}\n");
        AtomicFile.WriteText(Path.Combine(folder, FileName), string.Concat(lines));
    }

    /// <summary>Checks every file against its sum.</summary>
    /// <exception cref="FileFormatException">A file is missing or has another content.</exception>
    public static void Require(string folder)
    {
        var sums = Path.Combine(folder, FileName);
        try
        {
            var lines = File.ReadAllLines(sums);
            if (lines.Length == 0)
            {
                throw new FileFormatException($"'{folder}' is damaged: {FileName} is empty.");
            }

            foreach (var line in lines)
            {
                var parts = line.Split(Gap, 2);
                var path = Path.Combine(folder, parts[^1]);
                if (!File.Exists(path))
                {
                    throw new FileFormatException($"'{folder}' is damaged: {parts[^1]} is missing.");
                }

                if (parts[0] != Of(path))
                {
                    throw new FileFormatException($"'{folder}' is damaged: {parts[^1]} is not as it was written (its SHA-256 is another).");
                }
            }
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw new FileFormatException($"'{folder}' is damaged: {error.Message}", error);
        }
    }

    private static string Of(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
