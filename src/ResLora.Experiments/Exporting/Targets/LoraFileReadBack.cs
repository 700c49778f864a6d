using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// Reads a LoRA file as another tool would: from the names and shapes of its tensors and its header, W + (alpha / r) B A written out,
/// without the classes that wrote it.
/// </summary>
internal static class LoraFileReadBack
{
    private const string KohyaDown = ".lora_down.weight", KohyaUp = ".lora_up.weight", Down = ".lora_A.weight", Up = ".lora_B.weight";

    // What rounding A and B to float16 may change of each product: half a step of each, and a little for their product.
    private const double RoundingOfF16 = 2.01 / 2048;

    /// <summary>Loads the base model and adds every pair of factors to it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="modelFolder">The base pipeline's folder.</param>
    /// <param name="type">How the factors are stored.</param>
    /// <returns>The model in float32, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The file does not hold what such a reader needs.</exception>
    public static ExportedModel Load(string path, string modelFolder, ExportType type)
    {
        using var file = SafetensorsReader.Open(path);
        var model = ModelRegistry.Load(modelFolder, ScalarType.Float32);
        var slack = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            using var noGradient = no_grad();
            Add(file, model, type == ExportType.F16 ? slack : null);
            return new ExportedModel(Path.GetFileName(path), type, model) { Slack = slack };
        }
        catch
        {
            foreach (var bound in slack.Values)
            {
                bound.Dispose();
            }

            model.Dispose();
            throw;
        }
    }

    private static void Add(SafetensorsReader file, Network model, Dictionary<string, Tensor>? slack)
    {
        var layers = model.named_modules().Where(m => m.module is Linear or Convolution)
            .SelectMany(m => new[] { (Name: m.name, Own: m.name, m.module), (Name: Flat(m.name), Own: m.name, m.module) })
            .ToLookup(layer => layer.Name, StringComparer.Ordinal);
        using var header = JsonDocument.Parse(file.Metadata.GetValueOrDefault("lora_adapter_metadata") ?? "{}");
        var read = 0;
        foreach (var name in file.Entries.Keys)
        {
            var isKohya = name.EndsWith(KohyaDown, StringComparison.Ordinal);
            if (!isKohya && !name.EndsWith(Down, StringComparison.Ordinal))
            {
                continue;
            }

            using var scope = NewDisposeScope();
            var module = name[..^(isKohya ? KohyaDown : Down).Length];
            var (_, own, layer) = layers[module].Take(2).ToArray() is [var one] ? one : throw new FileFormatException(
                $"{file.Path}: '{name}' belongs to no layer of the model, or to several.");
            var weight = layer.get_parameter("weight")!;
            var a = file.Read(name).to(float64).flatten(1);                                          // [R, C, Y, X] -> [R, C·Y·X]
            var b = file.Read(module + (isKohya ? KohyaUp : Up)).to(float64).flatten(1);             // [Dout, R, 1, 1] -> [Dout, R]
            Shapes.Require(a, name, Shapes.Any, weight.numel() / weight.shape[0]);
            Shapes.Require(b, module, weight.shape[0], a.shape[0]);
            var rank = a.shape[0];
            var alpha = isKohya ? file.Read(module + ".alpha").to(float64).item<double>() : AlphaInHeader(
                header.RootElement, module) ?? rank;
            weight.copy_(weight.to(float64) + (b.matmul(a) * (alpha / rank)).view(weight.shape));
            if (slack is not null)
            {
                slack[own + ".weight"] = (
                    b.abs().matmul(a.abs()) * (alpha / rank * RoundingOfF16)).view(weight.shape).to(float32).DetachFromDisposeScope();
            }

            read++;
        }

        var expected = file.Entries.Keys.Count(name => !name.EndsWith(".alpha", StringComparison.Ordinal));
        if (read == 0 || expected != 2 * read)
        {
            throw new FileFormatException($"{file.Path}: {expected} factors make no {read} pairs.");
        }
    }

    /// <summary>kohya's name: no dots.</summary>
    private static string Flat(string own) =>
        own.Replace(
            PipelineParts.TextEncoder + ".",
            "lora_te_",
            StringComparison.Ordinal).Replace(PipelineParts.UNet + ".", "lora_unet_", StringComparison.Ordinal).Replace('.', '_');

    private static double? AlphaInHeader(JsonElement header, string module)
    {
        var part = module[..module.IndexOf('.', StringComparison.Ordinal)];
        if (!header.TryGetProperty($"{part}.lora_alpha", out var usual))
        {
            return null;
        }

        var own = header.GetProperty($"{part}.alpha_pattern").EnumerateObject()
            .FirstOrDefault(
                pattern => module.EndsWith("." + pattern.Name.Replace("\\.", ".", StringComparison.Ordinal), StringComparison.Ordinal));
        return (own.Value.ValueKind == JsonValueKind.Number ? own.Value : usual).GetDouble();
    }
}
