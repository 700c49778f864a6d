using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A UNet and DDIM's steps with guidance, number by number.</summary>
internal static class GuidedCase
{
    public static bool IsOne(string folder) =>
        File.Exists(
            Path.Combine(folder, "scheduler_config.json")) && DiffusionCases.Has(folder, "guidance_scale") && DiffusionCases.TextOf(
                Path.Combine(folder, "case.json"), "kind") is null;

    public static CaseReport Run(string name, string folder)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = (Denoiser)ModelRegistry.Load(folder, float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var config = SchedulerConfig.Read(Path.Combine(folder, "scheduler_config.json"));
        var schedule = new NoiseSchedule(config);
        using var sampler = DiffusionCases.SamplerOf(folder, config);
        var guidance = DiffusionCases.NumberOf(folder, "guidance_scale");
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["timesteps"] = tensor(
                sampler.Timesteps.Select(t => (long)t).ToArray())
        };
        var latents = inputs.Read("latents");
        for (var step = 0; step < sampler.Timesteps.Count; step++)
        {
            var time = tensor([sampler.Timesteps[step]]);
            var seen = sampler.Scale(latents, step);
            var without = model.Forward(seen, time, inputs.Read("negative_encoder_hidden_states"));
            var with = model.Forward(seen, time, inputs.Read("encoder_hidden_states"));
            var guided = Guidance.Apply(without, with, guidance);
            var alpha = schedule.AlphaBars[(int)sampler.Timesteps[step]];
            var next = sampler.Step(guided, step, latents);
            var prefix = $"step.{step}.";
            (
                got[prefix + "uncond"],
                got[prefix + "cond"],
                got[prefix + "guided"],
                got[prefix + "prev_sample"]) = (without, with, guided, next);
            got[prefix + "pred_original_sample"] = schedule.Prediction == PredictionType.Velocity
                ? (Math.Sqrt(alpha) * latents) - (Math.Sqrt(1 - alpha) * guided)
                : (latents - (Math.Sqrt(1 - alpha) * guided)) / Math.Sqrt(alpha);
            latents = next;
        }

        got["latents"] = latents;
        var tolerance = DiffusionCases.ToleranceOf(folder, "sampling");
        return Comparison.Compare(name, DiffusionCases.Kind, folder, got, _ => tolerance);
    }
}
