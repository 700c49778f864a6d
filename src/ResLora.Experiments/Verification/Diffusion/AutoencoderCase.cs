using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>An autoencoder: what it makes of pictures, and of latents; with the names of its weights now and of earlier files.</summary>
internal static class AutoencoderCase
{
    private const string OldNames = "old_names";

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "config.json"), "_class_name") == "AutoencoderKL";

    public static CaseReport Run(string name, string folder)
    {
        var report = Compare(name, folder, folder);
        if (DiffusionCases.TextOf(Path.Combine(folder, "case.json"), OldNames) is not { } old || report.Status != CaseStatus.Passed)
        {
            return report;
        }

        if (Path.GetFileName(old) != old)
        {
            throw new FileFormatException($"case.json: '{OldNames}' is '{old}'; expected the name of a file in the case's folder.");
        }

        var place = Directory.CreateTempSubdirectory("reslora-case-");
        try
        {
            File.Copy(Path.Combine(folder, "config.json"), Path.Combine(place.FullName, "config.json"));
            File.Copy(Path.Combine(folder, old), Path.Combine(place.FullName, "model.safetensors"));
            var again = Compare(name, folder, place.FullName);
            return again with { Quantities = [.. report.Quantities, .. again.Quantities] };
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static CaseReport Compare(string name, string folder, string weights)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = (PictureAutoencoder)ModelRegistry.Load(weights, float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var parts = new Dictionary<string, List<Tensor>>(StringComparer.Ordinal);
        model.Watch = (part, output) =>
        {
            var seen = parts.TryGetValue(part, out var list) ? list : parts[part] = [];
            seen.Add(output.clone().DetachFromDisposeScope());
        };
        var (mean, logVariance) = model.Encode(inputs.Read("pixel_values"));
        var latents = model.ScalingFactor * (mean + ((logVariance / 2).exp() * inputs.Read("noise")));
        var sample = model.Decode(latents / model.ScalingFactor);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["mean"] = mean,
            ["logvar"] = logVariance,
            ["latents"] = latents,
            ["sample"] = sample,
            ["image"] = PictureAutoencoder.InRange(sample),
        };
        foreach (var (part, seen) in parts)
        {
            got["hidden_states." + part] = cat([.. seen], dim: 0);
            seen.ForEach(one => one.Dispose());
        }

        var tolerance = DiffusionCases.ToleranceOf(folder, "forward");
        return Comparison.Compare(name, DiffusionCases.Kind, folder, got, _ => tolerance);
    }
}
