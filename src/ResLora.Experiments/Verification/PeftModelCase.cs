using ResLora.Adapters.Merging;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>A whole model with an adapter as PEFT saved it: the base's scores, the adapted ones, and those of the merged model.</summary>
internal static class PeftModelCase
{
    private const string Merged = "merge.plain.";

    public static CaseReport Run(string name, string folder, CaseFile file)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        using var network = CaseNetwork.Of(ModelRegistry.Load(Path.Combine(folder, "model"), float32), inputs, folder, file);
        network.Check("");
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        ModelCase.Forward(network, "base.", got);
        var adapted = SavedAdapter.Load(network.Model, Path.Combine(folder, "adapter"));
        network.Model.BeginForward = mask => adapted.BeginPass(mask);
        ModelCase.Forward(network, "", got);
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            ModelCase.Forward(network, Merged, got);
        }

        foreach (var block in merged.Blocks)
        {
            got[$"{Merged}weight.{block.ModuleName}"] = merged.MergedWeight(block);
        }

        return Comparison.Compare(name, "adapter", folder, got, file.ToleranceOf);
    }
}
