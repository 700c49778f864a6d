using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Training.Memory;

/// <summary>Where the weights of a base model are: in memory of the process, or in pages of their files.</summary>
/// <param name="Own">Bytes of weights that are converted to another dtype, or copied because their file does not align them.</param>
/// <param name="Mapped">Bytes that are used as the files have them. The system keeps them in its file cache and may drop and read them
/// again.</param>
/// <param name="Width">Bytes of one number of the dtype that is computed in.</param>
public sealed record BaseMemory(long Own, long Mapped, int Width)
{
    /// <summary>Works it out from the headers of a model folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The network, which may be on the meta device and carry an adapter.</param>
    /// <param name="dtype">The dtype to compute in; null takes that of most numbers in the files.</param>
    /// <param name="isNeeded">Which weights are read, by their parameters' names; null for all.</param>
    /// <returns>Where the weights will be.</returns>
    /// <exception cref="ResLora.Formats.Errors.FileFormatException">A file is missing or broken.</exception>
    public static BaseMemory Of(string folder, Network model, ScalarType? dtype, Func<string, bool>? isNeeded = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var layout = model.Checkpoint;
        var stored = CheckpointReader.ReadHeader(folder).Entries;
        (string Name, SafetensorsEntry? Entry)[] all =
        [
            .. model.named_parameters()
                .Select(parameter => parameter.name.Replace(".base_layer.", ".", StringComparison.Ordinal))
                .Select(name => (name, layout.Names(name).Select(stored.GetValueOrDefault).FirstOrDefault(entry => entry is not null))),
        ];
        var computed = dtype ?? SafetensorsEntry.MainType(all.Select(one => one.Entry).OfType<SafetensorsEntry>()) ?? ScalarType.Float32;
        SafetensorsEntry[] entries =
            [.. all.Where(one => isNeeded?.Invoke(one.Name) ?? true).Select(one => one.Entry).OfType<SafetensorsEntry>()];
        var width = WidthOf(computed);
        var mapped = entries.Where(
            entry => entry.IsView && entry.DataType == computed && entry.Offset % width == 0).Sum(entry => entry.Count) * width;
        return new BaseMemory((entries.Sum(entry => entry.Count) * width) - mapped, mapped, width);
    }

    /// <summary>The weights of a model that came from nowhere: all in memory.</summary>
    /// <param name="model">The model, without an adapter.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <returns>Where the weights are.</returns>
    public static BaseMemory Unmapped(Network model, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(model);
        var width = WidthOf(dtype);
        return new BaseMemory(
            model.named_parameters().Where(p => !p.name.Contains(".lora_", StringComparison.Ordinal)).Sum(p => p.parameter.numel()) * width,
            0,
            width);
    }

    private static int WidthOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float64 => 8,
        ScalarType.BFloat16 or ScalarType.Float16 => 2,
        _ => 4,
    };
}
