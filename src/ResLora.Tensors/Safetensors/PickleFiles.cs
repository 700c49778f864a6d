using ResLora.Formats.Errors;

namespace ResLora.Tensors.Safetensors;

/// <summary>Recognises the file names of Python pickles, which can run code when they are loaded.</summary>
public static class PickleFiles
{
    private static readonly string[] _extensions = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"];

    /// <summary>A pickle in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Its path, or null when there is none.</returns>
    internal static string? In(string folder) =>
        Directory.EnumerateFiles(folder).Where(IsPickle).Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>What to say of a pickle.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The exception, to be thrown.</returns>
    public static FileFormatException Refusal(string path) => new(
        $"'{path}' is a pickle, and pickle files can run code when loaded, so that it is not read; convert it to safetensors: " +
        "load it in Python with from_pretrained and save it with save_pretrained.");

    /// <summary>Refuses a pickle.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileFormatException">The name is that of a pickle.</exception>
    internal static void Refuse(string path)
    {
        if (IsPickle(path))
        {
            throw Refusal(path);
        }
    }

    /// <summary>Whether a file's name is that of a pickle.</summary>
    /// <param name="path">The file.</param>
    /// <returns>True when it is.</returns>
    public static bool IsPickle(string path) => _extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
}
