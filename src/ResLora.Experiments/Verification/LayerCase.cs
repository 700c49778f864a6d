using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>One linear layer with an adapter as PEFT saves it: forward, gradients and the merged weight.</summary>
internal static class LayerCase
{
    public static CaseReport Run(string name, string folder, CaseFile file)
    {
        using var scope = NewDisposeScope();
        var module = file.Module ?? throw new FileFormatException($"{folder}: case.json names no \"module\".");
        using var tree = Tree(module, Path.Combine(folder, "base.safetensors"));
        var adapted = AdapterStore.Load(tree, folder);
        var block = adapted[module];
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var x = inputs.Read("x").requires_grad_(true);
        var y = block.call(x);
        (y * inputs.Read("dy")).sum().backward();
        using var noGradient = no_grad();
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["y"] = y,
            ["grad.x"] = x.grad!,
            ["delta_weight"] = block.DeltaWeight(),
            ["merged_weight"] = merged.MergedWeight(merged.Blocks[0]),
        };
        foreach (var (factorName, factor) in block.Factors)
        {
            got[$"grad.{PeftConfig.TensorPrefix}{module}.{factorName}"] = block.StoredPart(factorName)?.Of(factor.grad!) ?? factor.grad!;
        }

        return Comparison.Compare(name, "layer", folder, got, file.ToleranceOf);
    }

    /// <summary>Nested modules that give one linear layer its dotted name.</summary>
    private static Branch Tree(string module, string basePath)
    {
        using var reader = SafetensorsReader.Open(basePath);
        var weight = reader.Read(module + ".weight");
        var bias = reader.Entries.ContainsKey(module + ".bias") ? reader.Read(module + ".bias") : null;
        var linear = nn.Linear(weight.shape[1], weight.shape[0], hasBias: bias is not null);
        linear.weight = new Parameter(weight, requires_grad: false);
        if (bias is not null)
        {
            linear.bias = new Parameter(bias, requires_grad: false);
        }

        nn.Module node = linear;
        Branch? root = null;
        foreach (var part in module.Split('.').Reverse())
        {
            root = new Branch();
            root.register_module(part, node);
            node = root;
        }

        return root!;
    }

    private sealed class Branch() : nn.Module(nameof(Branch));
}
