using System.Security.Cryptography;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>A private copy of a native library, in a per-user cache, whose need of one symbol version is weak.</summary>
public static class CompatibilityCopy
{
    /// <summary>The folder for native copies, in the <see cref="UserCache"/>.</summary>
    /// <returns>The folder, which need not exist; null when the user has no home folder either.</returns>
    public static string? DefaultFolder() => UserCache.Folder("native");

    /// <summary>
    /// Returns the copy of <paramref name="library"/> that needs <paramref name="version"/> weakly, and writes it first
    /// when it is missing or differs by a byte from what it should be. Safe under any number of processes at once.
    /// </summary>
    /// <param name="library">The original; only read.</param>
    /// <param name="version">The version's name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="folder">The cache; the copy's own folder in it is named by the original's SHA-256.</param>
    /// <returns>The path of the copy, whose content has been checked.</returns>
    /// <exception cref="FileFormatException">The library is not a well-formed ELF file.</exception>
    /// <exception cref="IOException">The library cannot be read, or the cache cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static string Ensure(string library, string version, string folder)
    {
        var content = File.ReadAllBytes(library);
        var copyFolder = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(content)));
        var copy = Path.Combine(copyFolder, Path.GetFileName(library));
        ElfVersionPatcher.Weaken(content, version);
        if (!HasContent(copy, content))
        {
            Directory.CreateDirectory(copyFolder);
            WriteAtomically(copy, content);
        }

        return copy;
    }

    private static bool HasContent(string path, ReadOnlySpan<byte> content) =>
        new FileInfo(path) is { Exists: true } file && file.Length == content.Length
        && content.SequenceEqual(File.ReadAllBytes(path));

    // Readers see the old file or the whole new one, never a part; racing writers write the same bytes, the last one stays.
    private static void WriteAtomically(string path, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
