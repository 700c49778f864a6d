using ResLora.Formats.Errors;
using ResLora.Models.Diffusion;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A noise schedule: its numbers, noisy latents, what is to be said of them, and the loss of something that was said.</summary>
internal static class ScheduleCase
{
    private const string Said = "model_pred";

    public static bool IsOne(string folder) =>
        DiffusionCases.TextOf(Path.Combine(folder, "config.json"), "_class_name")?.EndsWith("Scheduler", StringComparison.Ordinal) == true;

    public static CaseReport Run(string name, string folder)
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(SchedulerConfig.Read(Path.Combine(folder, "config.json")));
        var gamma = DiffusionCases.NumberOf(folder, "snr_gamma");
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var (latents, noise, timesteps) = (inputs.Read("latents"), inputs.Read("noise"), inputs.Read("timesteps"));
        var said = inputs.Read(Said);
        Shapes.Require(noise, "noise", latents.shape);
        Shapes.Require(said, Said, latents.shape);
        if (timesteps.dtype != int64 || timesteps.dim() != 1 || timesteps.shape[0] != latents.shape[0]
            || timesteps.min().item<long>() < 0 || timesteps.max().item<long>() >= schedule.TrainTimesteps)
        {
            throw new FileFormatException(
                $"{inputs.Path}: 'timesteps' must hold an I64 number from 0 to {schedule.TrainTimesteps - 1} for each latent.");
        }

        var target = schedule.Target(latents, noise, timesteps);
        var weights = schedule.MinSnrWeights(timesteps, gamma);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["betas"] = tensor(schedule.Betas.ToArray()),
            ["alphas_cumprod"] = tensor(schedule.AlphaBars.ToArray()),
            ["noisy_latents"] = schedule.AddNoise(latents, noise, timesteps),
            ["velocity"] = schedule.Velocity(latents, noise, timesteps),
            ["target"] = target,
            ["snr"] = schedule.Snr(timesteps),
            ["min_snr_weights"] = weights,
        };
        (got["loss"], got["grad." + Said]) = Loss(ones_like(weights));
        (got["loss_min_snr"], got["grad_min_snr." + Said]) = Loss(weights);
        return Comparison.Compare(name, DiffusionCases.Kind, folder, got, quantity => DiffusionCases.ToleranceOf(folder, KindOf(quantity)));

        (Tensor Loss, Tensor Gradient) Loss(Tensor weight)
        {
            var own = said.clone().requires_grad_();
            var loss = ((own - target).square().flatten(1).mean([1]) * weight).mean();   // [B, C, Y, X] -> [B] -> scalar
            loss.backward();
            return (loss.detach().reshape(1), own.grad!);
        }
    }

    private static string KindOf(string quantity) => quantity switch
    {
        "loss" or "loss_min_snr" => "loss",
        "snr" or "min_snr_weights" => "snr",
        _ when quantity.StartsWith("grad", StringComparison.Ordinal) => "gradients",
        _ => "schedule",
    };
}
