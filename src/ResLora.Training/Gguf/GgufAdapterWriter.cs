using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Training.Gguf;

/// <summary>Writes a LoRA adapter as a GGUF file, which llama.cpp applies to a model in GGUF (<c>--lora</c>).</summary>
public static class GgufAdapterWriter
{
    /// <summary>Writes an adapter whose scale is 1: alpha equals the rank, and B holds the scaling.</summary>
    /// <param name="path">The file to write or replace; written aside and moved into place.</param>
    /// <param name="modelFolder">The folder of the base model; its config.json is read.</param>
    /// <param name="blocks">
    /// The blocks: a module's dotted name, A [R, Din] and B [Dout, R] with the scaling multiplied in; borrowed. One rank for all.
    /// </param>
    /// <param name="type">How A and B are stored.</param>
    /// <exception cref="ConfigException">A module has no place in llama.cpp's model, or the disk refuses; nothing is written.</exception>
    /// <exception cref="ShapeException">A and B do not fit each other or the other blocks.</exception>
    /// <exception cref="FileFormatException">The folder has no readable config.json.</exception>
    public static void Write(string path, string modelFolder, IEnumerable<(string Module, Tensor A, Tensor B)> blocks, GgufWeightType type)
    {
        ArgumentNullException.ThrowIfNull(modelFolder);
        ArgumentNullException.ThrowIfNull(blocks);
        using var model = ModelRegistry.Build(modelFolder);
        var layout = GgufModelWriter.LayoutOf(model);
        var items = blocks.ToList();
        if (items.Count == 0)
        {
            throw new ConfigException($"'{path}' cannot be written: the adapter has no blocks.");
        }

        var rank = items[0].A.shape[0];
        var tensors = new List<GgufTensor>();
        foreach (var (module, a, b) in items)
        {
            var name = layout.AdaptedName(module);
            Shapes.Require(a, $"{module} A", rank, Shapes.Any);
            Shapes.Require(b, $"{module} B", Shapes.Any, rank);
            tensors.Add(new GgufTensor($"{name}.lora_a", a.shape, type, () => a.detach()));
            tensors.Add(new GgufTensor($"{name}.lora_b", b.shape, type, () => layout.OrderRows(module, b)));
        }

        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", layout.Architecture);
        metadata.Add("general.type", "adapter");
        metadata.Add("general.file_type", type.FileType());
        metadata.Add("adapter.type", "lora");
        metadata.Add("adapter.lora.alpha", (float)rank);
        GgufWriter.Write(path, metadata, tensors);
    }
}
