using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>The cases of text-to-image models and their parts.</summary>
internal static class DiffusionCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "diffusion";

    private static readonly (Func<string, bool> IsOne, Func<string, string, CaseReport> Run)[] _cases =
    [
        (ClipTextCase.IsOne, ClipTextCase.Run),
        (ClipTokenizerCase.IsOne, ClipTokenizerCase.Run),
        (ScheduleCase.IsOne, ScheduleCase.Run),
        (AutoencoderCase.IsOne, AutoencoderCase.Run),
        (GuidedCase.IsOne, GuidedCase.Run),
        (SamplingCase.IsOne, SamplingCase.Run),
        (LoraFileCase.IsOne, LoraFileCase.Run),
        (SingleFileCase.IsOne, SingleFileCase.Run),
        (TrainingCase.IsOne, TrainingCase.Run),
        (PipelineCase.IsOne, PipelineCase.Run),
    ];

    /// <summary>The runner of a folder's case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <returns>Runs it, given its name and the folder; null when the case is of another kind.</returns>
    public static Func<string, string, CaseReport>? Find(string folder) => Array.Find(_cases, entry => entry.IsOne(folder)).Run;

    /// <summary>The text of a key of a JSON file, or null when there is no such file, key or text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The key.</param>
    public static string? TextOf(string path, string key)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = CheckedJson.Read(path);
        return file.RootElement.ValueKind == JsonValueKind.Object && file.RootElement.TryGetProperty(key, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    /// <summary>One of the tolerances of a case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="key">The key in <c>tolerance</c>.</param>
    /// <exception cref="FileFormatException">There is no such number.</exception>
    public static double ToleranceOf(string folder, string key)
    {
        var path = Path.Combine(folder, "case.json");
        using var file = CheckedJson.Read(path);
        return file.RootElement.ValueKind == JsonValueKind.Object && file.RootElement.TryGetProperty("tolerance", out var all)
            && all.ValueKind == JsonValueKind.Object && all.TryGetProperty(key, out var value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var tolerance)
            ? tolerance
            : throw new FileFormatException($"{path}: 'tolerance' has no number '{key}', which the case is held against.");
    }

    /// <summary>Whether case.json has a key with a value.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="key">The key.</param>
    public static bool Has(string folder, string key)
    {
        using var file = CheckedJson.Read(Path.Combine(folder, "case.json"));
        return file.RootElement.ValueKind == JsonValueKind.Object && file.RootElement.TryGetProperty(key, out var value)
            && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A number of a case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="FileFormatException">There is no such number.</exception>
    public static double NumberOf(string folder, string key)
    {
        var path = Path.Combine(folder, "case.json");
        using var file = CheckedJson.Read(path);
        return file.RootElement.ValueKind == JsonValueKind.Object && file.RootElement.TryGetProperty(key, out var value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number
            : throw new FileFormatException($"{path}: there is no number '{key}'.");
    }

    /// <summary>The name of a file or folder near the case: no path.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="FileFormatException">There is no such name.</exception>
    public static string Named(string folder, string key) =>
        TextOf(Path.Combine(folder, "case.json"), key) is { Length: > 0 } name && Path.GetFileName(name) == name
            ? name
            : throw new FileFormatException($"{folder}: case.json needs '{key}', a name without a path.");

    /// <summary>What a model says of latents at a timestep, with guidance.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seen">[B, C, Y, X] as the network is to see them, borrowed.</param>
    /// <param name="timestep">The timestep.</param>
    /// <param name="without">[B, T, D] or [1, T, D], the encoding of no prompt; borrowed.</param>
    /// <param name="with">That of the prompts, borrowed.</param>
    /// <param name="guidance">How much the prompts count.</param>
    /// <returns>New tensor [B, C, Y, X], owned by the caller.</returns>
    public static Tensor Guided(TextToImageModel model, Tensor seen, double timestep, Tensor without, Tensor with, double guidance)
    {
        using var scope = NewDisposeScope();
        var time = tensor(timestep).expand(seen.shape[0]);   // [B]
        return Guidance.Apply(model.Denoise(seen, time, without), model.Denoise(seen, time, with), guidance).MoveToOuterDisposeScope();
    }

    /// <summary>The sampler of a case, with as many steps as it says.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="config">Its schedule.</param>
    /// <returns>The sampler, owned by the caller.</returns>
    /// <exception cref="ConfigException">There is no such sampler, or it draws noise, which the numbers of a case cannot hold.</exception>
    public static Sampler SamplerOf(string folder, SchedulerConfig config)
    {
        var sampler = Samplers.Of(config, (int)NumberOf(folder, "num_inference_steps"));
        return sampler.DrawsNoise ? throw new ConfigException(
            $"cases of the sampler '{sampler.Name}', which draws noise, are not supported") : sampler;
    }
}
