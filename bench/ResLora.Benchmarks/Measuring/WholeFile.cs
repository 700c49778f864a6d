using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Measuring;

/// <summary>The least that opening a model can cost.</summary>
internal static class WholeFile
{
    /// <summary>Reads files from the first byte to the last.</summary>
    /// <param name="files">The files.</param>
    /// <exception cref="FileFormatException">There are none.</exception>
    public static void ReadOnce(string[] files)
    {
        if (files.Length == 0)
        {
            throw new FileFormatException("The model has no safetensors files to read.");
        }

        var buffer = new byte[1 << 20];
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            while (stream.Read(buffer) > 0)
            {
            }
        }
    }
}
