using System.Globalization;
using System.Text.Json;
using ResLora.Training.Generation;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>What is kept inside of a picture's file: how it was made.</summary>
internal static class PictureTexts
{
    /// <summary>As AUTOMATIC1111 and those after it read it (<c>parameters</c>), and whole in JSON (<c>reslora</c>).</summary>
    /// <param name="settings">How it was made.</param>
    /// <param name="sampler">The sampler's name.</param>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="dtype">What was computed in, as settings name it.</param>
    /// <param name="model">The pipeline's folder.</param>
    /// <param name="adapter">The folder of the adapter, or of the run that it is of; null for none.</param>
    /// <param name="step">The step of the run that made it; null for none.</param>
    /// <returns>Keywords and texts.</returns>
    public static Dictionary<string, string> Of(
        ImageSettings settings, string sampler, (long Width, long Height) size, string dtype, string model, string? adapter, int? step =
            null)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model));
        var negative = settings.Negative.Length > 0 ? $"\nNegative prompt: {settings.Negative}" : "";
        return new()
        {
            ["parameters"] = string.Create(
                CultureInfo.InvariantCulture,
                $"{settings.Prompt}{negative}\nSteps: {settings.Steps}, Sampler: {sampler}, CFG scale: {settings.Guidance}, Seed: {settings.Seed}, Size: {size.Width}x{size.Height}, Model: {name}"),
            ["reslora"] = JsonSerializer.Serialize(new
            {
                prompt = settings.Prompt,
                negative = settings.Negative,
                seed = settings.Seed,
                steps = settings.Steps,
                guidance = settings.Guidance,
                sampler,
                width = size.Width,
                height = size.Height,
                dtype,
                model,
                adapter,
                step,
            }),
        };
    }
}
