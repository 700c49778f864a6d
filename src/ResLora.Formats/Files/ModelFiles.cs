using ResLora.Formats.Errors;
using ResLora.Formats.Gguf.Models;

namespace ResLora.Formats.Files;

/// <summary>
/// The small files of a model, wherever it is: in a folder, or in a GGUF file that is seen as the folder of its model. The path is the
/// same, <c>MODEL/config.json</c>. <see cref="InputFile"/> reads either.
/// </summary>
public static class ModelFiles
{
    /// <summary>Whether a path is a model's place: a folder, or a GGUF file.</summary>
    /// <param name="path">The path.</param>
    /// <returns>Whether there is one.</returns>
    public static bool IsPlace(string path) => Directory.Exists(path) || GgufFolder.IsOne(path);

    /// <summary>Whether a model has a file.</summary>
    /// <param name="path">The file's path in the model's place.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="ResLoraException">A GGUF file is broken or not supported.</exception>
    public static bool Exists(string path) => File.Exists(path) || GgufFolder.Find(path) is not null;

    /// <summary>Opens a file of a model.</summary>
    /// <param name="path">The file's path in the model's place.</param>
    /// <returns>Its content, the caller's to dispose.</returns>
    /// <exception cref="ResLoraException">The file cannot be read.</exception>
    public static Stream OpenRead(string path) =>
        GgufFolder.Find(path) is { } bytes ? new MemoryStream(bytes, writable: false) : InputFile.OpenRead(path);
}
