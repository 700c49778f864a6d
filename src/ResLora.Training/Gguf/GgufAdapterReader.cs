using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Models.Gguf;
using ResLora.Tensors.Gguf;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Gguf;

/// <summary>An adapter read from a GGUF file for a model that was read from GGUF, too. Shares nothing with the writer.</summary>
public sealed class GgufAdapterReader : IDisposable
{
    private readonly Network _model;

    private GgufAdapterReader(Network model, IReadOnlyList<GgufAdapterBlock> blocks) => (_model, Blocks) = (model, blocks);

    /// <summary>The blocks, in the order of the model's modules; owned by this object.</summary>
    public IReadOnlyList<GgufAdapterBlock> Blocks { get; }

    /// <summary>Reads and checks an adapter.</summary>
    /// <param name="path">A GGUF file of an adapter.</param>
    /// <param name="model">The model that it belongs to; borrowed.</param>
    /// <returns>The adapter, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The file is missing or broken, or its tensors do not fit the model.</exception>
    /// <exception cref="ConfigException">The file is no LoRA for this architecture.</exception>
    public static GgufAdapterReader Read(string path, Network model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var names = model.GgufNames ?? throw new ConfigException(
            $"'{path}': adapters in GGUF cannot be read for {model.GetName()}.");
        using var file = GgufFile.Open(path);
        RequireLora(file, names.Architecture);
        var alpha = file.TryGet<float>("adapter.lora.alpha", out var stored) ? stored : 0;
        if (!float.IsFinite(alpha))
        {
            throw new FileFormatException($"'{path}': 'adapter.lora.alpha' is {alpha}.");
        }

        var blocks = new List<GgufAdapterBlock>();
        try
        {
            foreach (var (module, linear) in Linears(model))
            {
                if (Block(file, module, linear, names, alpha) is { } block)
                {
                    blocks.Add(block);
                }
            }

            return 2 * blocks.Count == file.Entries.Count
                ? new GgufAdapterReader(model, blocks)
                : throw new FileFormatException(
                    $"'{path}' has {file.Entries.Count} tensors, and {2 * blocks.Count} of them are pairs for layers of this model.");
        }
        catch
        {
            blocks.ForEach(block => block.Dispose());
            throw;
        }
    }

    /// <summary>
    /// W ← W + scale · B A in every module that has a block: from now on the model's logits are those of base and adapter.
    /// </summary>
    public void AddToModel()
    {
        using var noGradient = no_grad();
        var linears = Linears(_model).ToDictionary(entry => entry.Module, entry => entry.Linear, StringComparer.Ordinal);
        foreach (var block in Blocks)
        {
            using var scope = NewDisposeScope();
            var weight = linears[block.Module].weight!;
            weight.add_((block.B.matmul(block.A) * block.Scale).to(weight.dtype));   // [Dout, R] · [R, Din] -> [Dout, Din]
        }
    }

    /// <summary>Frees the blocks; the model keeps what was added to it.</summary>
    public void Dispose()
    {
        foreach (var block in Blocks)
        {
            block.Dispose();
        }
    }

    private static IEnumerable<(string Module, Linear Linear)> Linears(Network model) =>
        model.named_modules().Where(entry => entry.module is Linear).Select(entry => (entry.name, (Linear)entry.module));

    private static void RequireLora(GgufFile file, string wanted)
    {
        var (kind, method) = (file.Require<string>("general.type"), file.Require<string>("adapter.type"));
        if (kind != "adapter" || method != "lora")
        {
            throw new ConfigException($"'{file.Path}' holds a '{kind}' of type '{method}'; an adapter of type lora is needed.");
        }

        var found = file.Require<string>("general.architecture");
        if (found != wanted)
        {
            throw new ConfigException($"'{file.Path}' is an adapter for the architecture '{found}'; the model is '{wanted}'.");
        }
    }

    private static GgufAdapterBlock? Block(GgufFile file, string module, Linear linear, IGgufNames names, float alpha)
    {
        var weight = names.StoredName($"{module}.weight");
        var (nameA, nameB) = ($"{weight}.lora_a", $"{weight}.lora_b");
        var (hasA, hasB) = (file.Entries.TryGetValue(nameA, out var a), file.Entries.TryGetValue(nameB, out var b));
        if (!hasA && !hasB)
        {
            return null;
        }

        long[] shape = linear.weight!.shape;
        if (a is not { Shape: [var rank, var width] } || b is not { Shape: [var height, var rankB] } || rank != rankB || width != shape[1] || height != shape[0])
        {
            throw new FileFormatException($"'{file.Path}': '{nameA}' and '{nameB}' must be [R, {shape[1]}] and [{shape[0]}, R]; found "
                + $"{(a is null ? "nothing" : $"[{string.Join(", ", a.Shape)}]")} and {(b is null ? "nothing" : $"[{string.Join(", ", b.Shape)}]")}.");
        }

        using var scope = NewDisposeScope();
        var down = file.Read(nameA).to(float32);
        var up = file.Read(nameB).to(float32);
        var restored = names.RestoreRows(weight, up);
        return new GgufAdapterBlock(
            module, down.MoveToOuterDisposeScope(), restored.MoveToOuterDisposeScope(), alpha == 0 ? 1 : alpha / rank);
    }
}
