using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Formats.Peft;
using ResLora.Formats.Safetensors;
using ResLora.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// Reads a PEFT folder as another tool would: from its two files alone, W x + (alpha / r) B A x written out, without the adapter
/// classes that wrote it.
/// </summary>
internal static class PeftReadBack
{
    private const string Down = ".lora_A.weight";
    private const string Up = ".lora_B.weight";
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(1);

    /// <summary>Loads the base model and adds every pair of factors to it.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="modelFolder">The base model's folder.</param>
    /// <param name="readsPatterns">Whether ranks and alphas of single modules are honoured, as PEFT does and vLLM does not.</param>
    /// <returns>The model in float32, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The folder does not hold what such a reader needs.</exception>
    public static CausalLanguageModel Load(string folder, string modelFolder, bool readsPatterns)
    {
        var configPath = Path.Combine(folder, PeftConfig.FileName);
        using var json = CheckedJson.Read(configPath);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException($"{configPath}: this is no configuration of an adapter.");
        }

        using var factors = SafetensorsReader.Open(Path.Combine(folder, PeftConfig.TensorFileName));
        var model = ModelRegistry.LoadCausal(modelFolder, ScalarType.Float32);
        try
        {
            using var noGradient = no_grad();
            var layers = model.named_modules().Where(m => m.module is Linear).ToDictionary(m => m.name, m => (Linear)m.module, StringComparer.Ordinal);
            foreach (var name in factors.Entries.Keys.Where(n => n.EndsWith(Down, StringComparison.Ordinal)))
            {
                var module = name[..^Down.Length];
                module = module.StartsWith(PeftConfig.TensorPrefix, StringComparison.Ordinal) ? module[PeftConfig.TensorPrefix.Length..] : module;
                var layer = layers.TryGetValue(module, out var found)
                    ? found
                    : throw new FileFormatException($"{factors.Path}: '{name}' belongs to no linear layer of {modelFolder}.");
                using var scope = NewDisposeScope();
                var (a, b) = (factors.Read(name).to(float64), factors.Read(name[..^Down.Length] + Up).to(float64));
                Shapes.Require(a, name, Shapes.Any, layer.weight!.shape[1]);
                Shapes.Require(b, name[..^Down.Length] + Up, layer.weight.shape[0], a.shape[0]);
                Add(layer, a, b, Scale(json.RootElement, module, a.shape[0], readsPatterns, configPath));
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Add(Linear layer, Tensor a, Tensor b, double scale)
    {
        using var old = layer.weight!;
        var weight = new Parameter((old.to(float64) + (b.matmul(a) * scale)).to(float32), requires_grad: false);   // [Dout, R] · [R, Din] -> [Dout, Din]
        weight.DetachFromDisposeScope();
        layer.weight = weight;
    }

    private static double Scale(JsonElement config, string module, long storedRank, bool readsPatterns, string path)
    {
        var rank = Value(config, "r", "rank_pattern", module, readsPatterns, path);
        if (readsPatterns ? rank != storedRank : rank < storedRank)
        {
            throw new FileFormatException($"{path}: rank {rank} for '{module}', and the tensors have {storedRank}.");
        }

        var alpha = Value(config, "lora_alpha", "alpha_pattern", module, readsPatterns, path);
        var isRankStabilized = config.TryGetProperty("use_rslora", out var flag) && flag.ValueKind == JsonValueKind.True;
        return alpha / (isRankStabilized ? Math.Sqrt(rank) : rank);
    }

    private static double Value(JsonElement config, string key, string patternKey, string module, bool readsPatterns, string path)
    {
        if (readsPatterns && config.TryGetProperty(patternKey, out var patterns) && patterns.ValueKind == JsonValueKind.Object)
        {
            foreach (var pattern in patterns.EnumerateObject())
            {
                if (Matches(pattern.Name, module, path))
                {
                    return Number(pattern.Value, patternKey, path);
                }
            }
        }

        return config.TryGetProperty(key, out var value) ? Number(value, key, path) : throw new FileFormatException($"{path}: there is no \"{key}\".");
    }

    private static bool Matches(string pattern, string module, string path)
    {
        try
        {
            return Regex.IsMatch(module, $@"^(.*\.)?({pattern})$", RegexOptions.CultureInvariant, _matchLimit);
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            throw new FileFormatException($"{path}: the module pattern '{pattern}' cannot be used: {error.Message}", error);
        }
    }

    private static double Number(JsonElement value, string key, string path) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble()
        : throw new FileFormatException($"{path}: {key} is {value.ValueKind}; a number is needed.");
}
