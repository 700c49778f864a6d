using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>One layer with an adapter as PEFT saves it: forward, gradients and the merged weight.</summary>
internal static class LayerCase
{
    public static CaseReport Run(string name, string folder, CaseFile file)
    {
        using var scope = NewDisposeScope();
        var module = file.Module ?? throw new FileFormatException($"{folder}: case.json names no \"module\".");
        using var tree = Tree(module, Layer(file, module, Path.Combine(folder, "base.safetensors")));
        var adapted = AdapterStore.Load(tree, folder);
        var block = adapted[module];
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var x = inputs.Read("x");
        x.requires_grad = x.is_floating_point();
        var y = block.call(x);
        (y * inputs.Read("dy")).sum().backward();
        using var noGradient = no_grad();
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["y"] = y,
            ["delta_weight"] = block.Site.OfMatrix(block.DeltaWeight()),
            ["merged_weight"] = merged.MergedWeight(merged.Blocks[0]),
        };
        if (x.requires_grad)
        {
            got["grad.x"] = x.grad!;
        }

        foreach (var (factorName, factor) in block.Factors)
        {
            got[$"grad.{PeftConfig.TensorPrefix}{module}.{factorName}"] = block.StoredPart(factorName)?.Of(factor.grad!) ?? factor.grad!;
        }

        return Comparison.Compare(name, "layer", folder, got, file.ToleranceOf);
    }

    private static nn.Module Layer(CaseFile file, string module, string basePath)
    {
        using var reader = SafetensorsReader.Open(basePath);
        var weight = reader.Read(module + ".weight");
        var bias = reader.Entries.ContainsKey(module + ".bias") ? reader.Read(module + ".bias") : null;
        switch (file.Kind)
        {
            case CaseFile.EmbeddingKind when weight.dim() == 2:
                return nn.Embedding_from_pretrained(weight);
            case CaseFile.ConvolutionKind when weight.shape is [var outputs, var inputs, var height, var width]:
                var convolution = nn.Conv2d(
                    inputs, outputs, (height, width), Pair(file.Stride, 1), Pair(file.Padding, 0), Pair(file.Dilation, 1), bias: bias is not null, device: META);
                (convolution.weight, convolution.bias) = (Frozen(weight)!, Frozen(bias));
                return convolution;
            case CaseFile.LinearKind when weight.dim() == 2:
                var linear = nn.Linear(weight.shape[1], weight.shape[0], hasBias: bias is not null, device: META);
                (linear.weight, linear.bias) = (Frozen(weight)!, Frozen(bias));
                return linear;
            default:
                throw new FileFormatException(
                    $"{basePath}: '{module}.weight' has {weight.dim()} dimensions, which fit no case of kind {file.Kind}.");
        }
    }

    private static Parameter? Frozen(Tensor? value) => value is null ? null : new Parameter(value, requires_grad: false);

    private static (long, long) Pair(JsonElement? sizes, long usual) =>
        sizes is { } written ? CaseFile.PairOf(written)!.Value : (usual, usual);

    /// <summary>Nested modules that give a layer its dotted name.</summary>
    private static Branch Tree(string module, nn.Module layer)
    {
        var node = layer;
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
