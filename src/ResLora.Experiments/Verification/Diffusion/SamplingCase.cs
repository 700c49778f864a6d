using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A pipeline with guidance, from noise and encoded prompts to the picture.</summary>
internal static class SamplingCase
{
    private const string Kind = "diffusion_sampling";

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == Kind;

    public static CaseReport Run(string name, string folder)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var around = Path.GetDirectoryName(folder)!;
        var pipeline = Path.Combine(Path.GetDirectoryName(around)!, DiffusionCases.Named(folder, "base"));
        using var model = (TextToImageModel)ModelRegistry.Load(pipeline, float32);
        using var vae = (PictureAutoencoder)ModelRegistry.Load(Path.Combine(pipeline, PipelineParts.Autoencoder), float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(around, DiffusionCases.Named(folder, "inputs")));
        using var sampler = DiffusionCases.SamplerOf(folder, SchedulerConfig.Read(Path.Combine(folder, "scheduler_config.json")));
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["timesteps"] = tensor(sampler.Timesteps.Select(t => (float)t).ToArray()),
            ["sigmas"] = tensor(sampler.Sigmas.Select(sigma => (float)sigma).ToArray()),
            ["init_noise_sigma"] = tensor([(float)sampler.InitialScale]),
        };
        var (negative, positive) = Texts(folder, pipeline, model, inputs);
        var guidance = DiffusionCases.NumberOf(folder, "guidance_scale");
        var latents = sampler.Run(
            inputs.Read("latents") * sampler.InitialScale,
            (seen, timestep) => DiffusionCases.Guided(model, seen, timestep, negative, positive, guidance),
            after: (step, now) => got[$"step.{step}.latents"] = now.alias());
        got["image"] = vae.Picture(latents)[0];
        return Comparison.Compare(
            name, DiffusionCases.Kind, folder, got, quantity =>
                DiffusionCases.ToleranceOf(folder, quantity == "image" ? "image" : "sampling"));
    }

    /// <summary>What the UNet is told: as it is written down, or by the text encoder with the adapter, which is on the model from then
    /// on.</summary>
    private static (Tensor Negative, Tensor Positive) Texts(
        string folder, string pipeline, TextToImageModel model, SafetensorsReader inputs)
    {
        if (!DiffusionCases.Has(folder, "adapter"))
        {
            return (inputs.Read("negative_prompt_embeds"), inputs.Read("prompt_embeds"));
        }

        var file = Path.Combine(folder, "case.json");
        var parts = (DiffusionCases.TextOf(file, "adapter") ?? "").Split('/');
        if (parts.Any(part => part.Length == 0 || part == ".." || Path.GetFileName(part) != part))
        {
            throw new FileFormatException($"{folder}: case.json needs 'adapter', a folder beside the case's own, without '..'.");
        }

        var adapter = AdapterStore.Describe(Path.Combine([Path.GetDirectoryName(pipeline)!, .. parts]));
        AdapterStore.Load(model, adapter.WithStrength(DiffusionCases.NumberOf(folder, "adapter_scale")), model.HeadModules);
        var tokenizer = ClipTokenizer.Load(Path.Combine(pipeline, PipelineParts.Tokenizer), model.TextEncoder.MaxTokens);
        Tensor Encode(string key)
        {
            using var ids = tensor(tokenizer.Encode(DiffusionCases.TextOf(file, key) ?? "").Select(id => (long)id).ToArray());
            using var row = ids.unsqueeze(0);   // [T] -> [1, T]
            return model.Encode(row);
        }

        return (Encode("negative_prompt"), Encode("prompt"));
    }
}
