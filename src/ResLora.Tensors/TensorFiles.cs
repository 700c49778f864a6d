using ResLora.Formats.Errors;
using ResLora.Tensors.Pickles;
using ResLora.Tensors.Safetensors;

namespace ResLora.Tensors;

/// <summary>Opens single files of tensors by the ends of their names.</summary>
public static class TensorFiles
{
    /// <summary>Opens and checks a file that is a pickle by its name, and in safetensors otherwise.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file, the caller's.</returns>
    /// <exception cref="FileFormatException">The file is missing or breaks its format.</exception>
    public static ITensorFile OpenSafetensorsOrPickle(string path) =>
        PickleFiles.IsPickle(path) ? PickleFile.Open(path) : new SafetensorsFile(SafetensorsReader.Open(path));

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">A file whose name ends in <c>.safetensors</c>, or in <c>.ckpt</c>, <c>.pt</c>, <c>.pth</c> or <c>.bin</c>: these
    /// are pickles, of which nothing is run (<see cref="PickleFile"/>).</param>
    /// <returns>The open file, the caller's.</returns>
    /// <exception cref="FileFormatException">The file is missing or breaks its format.</exception>
    /// <exception cref="ConfigException">The name ends otherwise.</exception>
    public static ITensorFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => new SafetensorsFile(SafetensorsReader.Open(path)),
            ".ckpt" or ".pt" or ".pth" or ".bin" => PickleFile.Open(path),
            var end => throw new ConfigException(
                $"'{path}' ends in '{end}'; a single file of tensors ends in .safetensors, .ckpt, .pt, .pth or .bin."),
        };
    }
}
