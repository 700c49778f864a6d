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
        using var model = ModelRegistry.LoadText(Path.Combine(folder, "model"), float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        CaseInputs.Check(inputs, "", model);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        ModelCase.Forward(model, inputs, "base.", got);
        var adapted = SavedAdapter.Load(model, Path.Combine(folder, "adapter"));
        model.BeginForward = mask => adapted.BeginPass(mask);
        ModelCase.Forward(model, inputs, "", got);
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            ModelCase.Forward(model, inputs, Merged, got);
        }

        foreach (var block in merged.Blocks)
        {
            got[$"{Merged}weight.{block.ModuleName}"] = merged.MergedWeight(block);
        }

        return Comparison.Compare(name, "adapter", folder, got, file.ToleranceOf);
    }
}
