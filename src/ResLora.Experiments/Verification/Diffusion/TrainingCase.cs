using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models.Diffusion;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using ResLora.Training.Objectives.Denoising;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>Steps of training with given noise: the loss and the gradients' norm of each, and the adapter after them.</summary>
internal static class TrainingCase
{
    private const string Kind = "diffusion_training";

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == Kind;

    public static CaseReport Run(string name, string folder)
    {
        using var scope = NewDisposeScope();
        using var json = CheckedJson.Read(Path.Combine(folder, "case.json"));
        using var session = ModelSession.Load(
            BaseOf(folder), Path.Combine(folder, DiffusionCases.Named(folder, "before")), float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, DiffusionCases.Named(folder, "inputs")));
        var steps = (int)DiffusionCases.NumberOf(folder, "steps");
        var quantities = new List<Quantity>();
        var (losses, norms) = Train(session, inputs, folder, json.RootElement, steps);
        Compare("losses", losses);
        Compare("gradient_norms", norms);
        CompareAdapter(session.Adapter!, Path.Combine(folder, DiffusionCases.Named(folder, "after")), folder, quantities);
        return new CaseReport(
            name, DiffusionCases.Kind, quantities.All(
                quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed, quantities, null);

        void Compare(string key, double[] got)
        {
            double[] expected = [.. json.RootElement.GetProperty(key).EnumerateArray().Select(number => number.GetDouble())];
            for (var step = 0; step < steps; step++)
            {
                quantities.Add(new Quantity(
                    $"{key}.{step}", Math.Abs(
                        got[step] - expected[step]) / Math.Abs(expected[step]), DiffusionCases.ToleranceOf(folder, key)));
            }
        }
    }

    private static (double[] Losses, double[] Norms) Train(
        ModelSession session, SafetensorsReader inputs, string folder, JsonElement file, int steps)
    {
        var optimizer = file.GetProperty("optimizer");
        var config = GivenSteps.ConfigOf(optimizer, "lr");
        var textFactor = optimizer.TryGetProperty("text_lr", out var own) ? own.GetDouble() / config.LearningRate : 1;
        var trainsText = inputs.Entries.ContainsKey("input_ids");
        double? gamma = DiffusionCases.Has(folder, "snr_gamma") ? DiffusionCases.NumberOf(folder, "snr_gamma") : null;
        var objective = new DenoisingObjective(
            (Models.TextToImageModel)session.Model, new NoiseSchedule(SchedulerConfig.Read(session.ModelFolder)),
            new DenoisingConfig { SnrGamma = gamma }, trainsText);
        session.Model.train();
        return DenoisingSteps.Run(
            objective,
            session.Adapter!.TrainableParameters(),
            config with { ClipNorm = DiffusionCases.NumberOf(folder, "max_grad_norm") },
            name => TextToImageWorkload.IsOfText(name) ? textFactor : 1,
            steps,
            step =>
            {
                Tensor Of(string key) => inputs.Read(key)[step];
                return objective.Noisy(Of("latents"), Of("noise"), Of("timesteps"), Of(trainsText ? "input_ids" : "encoder_hidden_states"));
            });
    }

    /// <summary>Each factor against that of the file, read onto a model of its own.</summary>
    private static void CompareAdapter(AdaptedModel adapted, string path, string folder, List<Quantity> quantities)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var wanted = ModelSession.Load(BaseOf(folder), path, float32);
        var expected = wanted.Adapter!.BlockParameters().ToDictionary();
        foreach (var (name, parameter) in adapted.BlockParameters())
        {
            if (!expected.TryGetValue(name, out var value))
            {
                throw new FileFormatException($"{path}: there is no '{name}', which the file before training has.");
            }

            var difference = (double)(parameter - value).abs().max().item<float>() / value.abs().max().item<float>();
            var factor = name.Contains("lora_A", StringComparison.Ordinal) ? "lora_A" : "lora_B";
            quantities.Add(new Quantity(name, difference, DiffusionCases.ToleranceOf(folder, factor)));
        }
    }

    private static string BaseOf(string folder) =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(folder))!, DiffusionCases.Named(folder, "base"));
}
