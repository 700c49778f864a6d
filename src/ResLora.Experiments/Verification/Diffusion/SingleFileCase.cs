using ResLora.Experiments.Importing;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>
/// Original checkpoints, which are one file for a whole pipeline: each is imported and held against the folder that it was made from, or
/// against what the imported networks are expected to compute. Folders and inputs lie beside the case.
/// </summary>
internal static class SingleFileCase
{
    private const string Kind = "diffusion_single_file";

    // A checkpoint, the folder that it is like, and what the expected outputs of its networks begin with; null where the folder holds the
    // same numbers. Of a file with averaged weights both are expected, of the UNet alone.
    private static readonly (string File, string Like, string? Outputs, bool Averaged)[] _files =
    [
        ("sd1.safetensors", "sd1", null, false), ("sd2.safetensors", "sd2", "sd2.", false),
        ("sd1_ema.ckpt", "sd1", "sd1_ema.", false), ("sd1_ema.ckpt", "sd1", "sd1_ema.averaged_", true),
    ];

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == Kind;

    public static CaseReport Run(string name, string folder)
    {
        var place = Directory.CreateTempSubdirectory("reslora-case-");
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        try
        {
            var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            var quantities = new List<Quantity>();
            foreach (var (file, like, outputs, averaged) in _files)
            {
                var source = Path.Combine(folder, "..", like);
                var imported = Path.Combine(place.FullName, averaged ? file + ".averaged" : file);
                ImportJob.Run(
                    new ImportOptions { Checkpoint = Path.Combine(folder, file), Like = source, Output = imported, Averaged = averaged });
                if (outputs is null)
                {
                    quantities.Add(new Quantity($"{file} is {like}", Unequal(source, imported), 0));
                }
                else
                {
                    Compute(imported, Inputs(folder, like), outputs, got);
                }
            }

            var tolerance = DiffusionCases.ToleranceOf(folder, "outputs");
            var report = Comparison.Compare(name, DiffusionCases.Kind, folder, got, _ => tolerance);
            return report with
            {
                Quantities = [.. quantities, .. report.Quantities],
                Status = quantities.All(one => one.Passed) ? report.Status : CaseStatus.Failed,
            };
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static string Inputs(string folder, string like) => Path.Combine(folder, "..", $"inputs_{like}.safetensors");

    /// <summary>In how many tensors two pipelines differ.</summary>
    private static int Unequal(string one, string other)
    {
        var count = 0;
        foreach (var part in new[] { "", PipelineParts.Autoencoder })
        {
            using var scope = NewDisposeScope();
            using var a = ModelRegistry.Load(Path.Combine(one, part));
            using var b = ModelRegistry.Load(Path.Combine(other, part));
            var theirs = b.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
            count += a.named_parameters().Count(p =>
                !theirs.TryGetValue(p.name, out var same) || same.dtype != p.parameter.dtype || !p.parameter.shape.SequenceEqual(same.shape)
                || !p.parameter.bytes.SequenceEqual(same.bytes));
        }

        return count;
    }

    private static void Compute(string pipeline, string inputsFile, string prefix, Dictionary<string, Tensor> got)
    {
        using var inputs = SafetensorsReader.Open(inputsFile);
        using var model = (TextToImageModel)ModelRegistry.Load(pipeline, float32);
        got[prefix + "sample"] = model.UNet.Forward(inputs.Read("latents"), inputs.Read("timesteps"), inputs.Read("encoder_hidden_states"));
        var ids = inputs.Read("input_ids");
        var hidden = got[prefix + "last_hidden_state"] = model.TextEncoder.Forward(ids);
        got[prefix + "pooler_output"] = model.TextEncoder.Pooled(hidden, ids);
    }
}
