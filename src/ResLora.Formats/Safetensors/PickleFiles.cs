using ResLora.Formats.Errors;

namespace ResLora.Formats.Safetensors;

/// <summary>Recognises the file names of Python pickles, which can run code when they are loaded.</summary>
internal static class PickleFiles
{
    private static readonly string[] _extensions = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"];

    /// <summary>Whether the name is that of a pickle.</summary>
    public static bool IsPickle(string path) =>
        _extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Refuses a pickle.</summary>
    /// <exception cref="FileFormatException">The name is that of a pickle.</exception>
    public static void Refuse(string path)
    {
        if (IsPickle(path))
        {
            throw new FileFormatException($"'{path}' is a pickle file; pickle files can run code when loaded. Convert it to safetensors.");
        }
    }
}
