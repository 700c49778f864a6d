using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>LoRA files of text-to-image models: what the networks say with each file at two strengths, and the merged weights.</summary>
internal static class LoraFileCase
{
    private const string Kind = "diffusion_lora";
    private const string TextModel = "text_model.";
    private const string Merged = "merged.";
    private const string Delta = "delta.";

    private static readonly (string Name, double Value)[] _strengths = [("scale_1.", 1), ("scale_0.7.", 0.7)];

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == Kind;

    public static CaseReport Run(string name, string folder)
    {
        var around = Path.GetDirectoryName(Path.GetDirectoryName(folder))!;
        using var noGradient = no_grad();
        using var model = (TextToImageModel)ModelRegistry.Load(Path.Combine(around, DiffusionCases.Named(folder, "base")), float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(around, DiffusionCases.Named(folder, "inputs")));
        var files = Files(folder);
        var quantities = new List<Quantity>();
        foreach (var file in files)
        {
            using var scope = NewDisposeScope();
            var got = Compute(model, inputs, Path.Combine(folder, file));
            var report = Comparison.Compare(
                name, DiffusionCases.Kind, folder, got,
                quantity =>
                    DiffusionCases.ToleranceOf(
                        folder, quantity.StartsWith("scale_", StringComparison.Ordinal) ? "outputs" : "merged_weights"),
                // What diffusers makes of a file that it does not read as it is meant.
                quantity => quantity.StartsWith("diffusers.", StringComparison.Ordinal));
            quantities.AddRange(
                report.Quantities.Select(quantity => files.Length == 1 ? quantity : quantity with { Name = $"{file}: {quantity.Name}" }));
        }

        return new CaseReport(
            name, DiffusionCases.Kind, quantities.All(
                quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed, quantities, null);
    }

    private static Dictionary<string, Tensor> Compute(TextToImageModel model, SafetensorsReader inputs, string file)
    {
        var description = AdapterStore.Describe(file);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, strength) in _strengths)
        {
            var isMixed = strength != 1 && description is { Format: "kohya", Config.Method: "dora" };
            var adapted = AdapterStore.Load(model, isMixed ? description : description.WithStrength(strength), model.HeadModules);
            using var merged = Merger.Merge(adapted, MergeMethod.Exact);
            if (isMixed)
            {
                using var mixed = new MixedWeights(adapted, merged, strength);
                adapted.Remove();
                AddOutputs(got, name, model, inputs);
                continue;
            }

            AddOutputs(got, name, model, inputs);
            if (strength == 1)
            {
                AddWeights(got, adapted, merged);
            }

            adapted.Remove();
        }

        return got;
    }

    private static void AddOutputs(Dictionary<string, Tensor> got, string prefix, TextToImageModel model, SafetensorsReader inputs)
    {
        var ids = inputs.Read("input_ids");
        got[prefix + "sample"] = model.Denoise(inputs.Read("latents"), inputs.Read("timesteps"), inputs.Read("encoder_hidden_states"));
        var hidden = got[prefix + "last_hidden_state"] = model.Encode(ids);
        got[prefix + "pooler_output"] = model.TextEncoder.Pooled(hidden, ids);
    }

    private static void AddWeights(Dictionary<string, Tensor> got, AdaptedModel adapted, MergedAdapter merged)
    {
        foreach (var block in merged.Blocks)
        {
            var module = block.ModuleName.Replace(TextModel, "", StringComparison.Ordinal);
            got[$"{Merged}{module}.weight"] = merged.MergedWeight(block);
            if (adapted[block.ModuleName] is DenseBlock dense)
            {
                got[Delta + module] = dense.DeltaWeight().reshape(dense.Site.Weight.shape);
            }
        }
    }

    /// <summary>W + k (W' − W) in the layers' own weights, until it is disposed; the blocks must be off the model by then.</summary>
    private sealed class MixedWeights : IDisposable
    {
        private readonly List<(Tensor Weight, Tensor Own)> _changed = [];

        public MixedWeights(AdaptedModel adapted, MergedAdapter merged, double strength)
        {
            foreach (var block in merged.Blocks)
            {
                var weight = adapted[block.ModuleName].Site.Weight;
                _changed.Add((weight, weight.clone()));
                weight.lerp_(merged.MergedWeight(block), strength);
            }
        }

        public void Dispose() => _changed.ForEach(changed => changed.Weight.copy_(changed.Own));
    }

    private static string[] Files(string folder)
    {
        var path = Path.Combine(folder, "case.json");
        using var json = CheckedJson.Read(path);
        return json.RootElement.TryGetProperty("files", out var files) && files.ValueKind == JsonValueKind.Array
            && files.EnumerateArray().Select(
                file => file.ValueKind == JsonValueKind.String ? file.GetString()! : "").ToArray() is { Length: > 0 } names
            && names.All(file => file.Length > 0 && Path.GetFileName(file) == file)
            ? names
            : throw new FileFormatException($"{path}: 'files' must be a list of names without paths.");
    }
}
