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
/// Reads a PEFT folder as another tool would: from its two files alone, W x + (alpha / r) B A x and whole modules written out, without
/// the adapter classes that wrote it.
/// </summary>
internal static class PeftReadBack
{
    private const string Down = ".lora_A.weight";
    private const string Up = ".lora_B.weight";
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(1);

    /// <summary>Loads the base model, adds every pair of factors to it and puts saved modules in their places.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="modelFolder">The base model's folder.</param>
    /// <param name="readsPatterns">Whether ranks and alphas of single modules are honoured, as PEFT does and vLLM does not.</param>
    /// <returns>The model in float32, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The folder does not hold what such a reader needs.</exception>
    public static LanguageModel Load(string folder, string modelFolder, bool readsPatterns)
    {
        var configPath = Path.Combine(folder, PeftConfig.FileName);
        using var json = CheckedJson.Read(configPath);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException($"{configPath}: this is no configuration of an adapter.");
        }

        using var factors = SafetensorsReader.Open(Path.Combine(folder, PeftConfig.TensorFileName));
        var saved = SavedModules(json.RootElement, configPath);
        var head = saved.Length == 0 ? null : Head(folder, factors);
        var model = ModelRegistry.Load(modelFolder, ScalarType.Float32, head: head, headSeed: saved.Length == 0 ? null : 0);
        try
        {
            using var noGradient = no_grad();
            PutSaved(model, factors, saved);
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

    private static string[] SavedModules(JsonElement config, string path)
    {
        if (!config.TryGetProperty("modules_to_save", out var names) || names.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return names.ValueKind == JsonValueKind.Array && names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : throw new FileFormatException($"{path}: modules_to_save must be a list of names.");
    }

    /// <summary>The head with as many outputs as the file has for it; what they stand for is in our own file only.</summary>
    private static TextHead Head(string folder, SafetensorsReader factors)
    {
        var entry = EncoderModel.OutputWeights.Select(name => factors.Entries.GetValueOrDefault(PeftConfig.TensorPrefix + name)).FirstOrDefault(found => found is not null);
        return entry is { Shape: [>= 1 and <= TextHead.MostOutputs, _] }
            ? TextHeadFile.Read(folder) ?? TextHead.OfOutputs((int)entry.Shape[0])
            : throw new FileFormatException($"{factors.Path}: modules_to_save names a head, and the file has no weight of one ({string.Join(" or ", EncoderModel.OutputWeights)}).");
    }

    /// <summary>Every tensor that is no factor belongs to a saved module, and a saved module has all of its tensors: PEFT fails otherwise, too.</summary>
    private static void PutSaved(LanguageModel model, SafetensorsReader factors, string[] saved)
    {
        static bool IsIn(string parameter, string module) => $".{parameter}".Contains($".{module}.", StringComparison.Ordinal);
        var wanted = model.named_parameters().Where(p => saved.Any(module => IsIn(p.name, module))).ToDictionary(p => PeftConfig.TensorPrefix + p.name, p => p.parameter, StringComparer.Ordinal);
        var strange = factors.Entries.Keys.FirstOrDefault(name =>
            !wanted.ContainsKey(name) && !name.EndsWith(Down, StringComparison.Ordinal) && !name.EndsWith(Up, StringComparison.Ordinal));
        if (strange is not null)
        {
            throw new FileFormatException($"{factors.Path}: '{strange}' belongs neither to a block nor to modules_to_save.");
        }

        var random = (model as EncoderModel)?.NewModules.FirstOrDefault(module => !wanted.Keys.Any(name => IsIn(name, module)));
        if (random is not null)
        {
            throw new FileFormatException($"{factors.Path}: neither the base model nor the adapter has '{random}'.");
        }

        foreach (var (name, parameter) in wanted)
        {
            using var scope = NewDisposeScope();
            var stored = factors.Entries.ContainsKey(name) ? factors.Read(name) : throw new FileFormatException($"{factors.Path}: '{name}' is missing.");
            Shapes.Require(stored, name, [.. parameter.shape]);
            parameter.copy_(stored);
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
