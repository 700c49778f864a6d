using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Formats.Peft;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// Reads a PEFT folder as another tool would: from its two files alone, W x + (alpha / r) B A x, magnitudes, rows of tokens and whole
/// modules written out, without the adapter classes that wrote it.
/// </summary>
internal static class PeftReadBack
{
    private const string Down = ".lora_A.weight";
    private const string Up = ".lora_B.weight";
    private const string Magnitude = ".lora_magnitude_vector";
    private const string Right = ".lora_A", Left = ".lora_B", Values = ".lora_E";   // AdaLoRA's
    private const string Stretches = ".ia3_l";   // (IA)³'s
    private const string LookedUpDown = ".lora_embedding_A", LookedUpUp = ".lora_embedding_B";
    private const string Rows = ".token_adapter.trainable_tokens_delta";
    private const string Head = "lm_head.";
    private const string Embedding = ".embed_tokens.weight";
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(1);

    /// <summary>Loads the base model, adds every pair of factors to it and puts saved modules in their places.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="modelFolder">The base model's folder.</param>
    /// <param name="readsPatterns">Whether ranks and alphas of single modules are honoured, as PEFT does and vLLM does not.</param>
    /// <returns>The model in float32, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The folder does not hold what such a reader needs.</exception>
    public static Network Load(string folder, string modelFolder, bool readsPatterns)
    {
        var configPath = Path.Combine(folder, PeftConfig.FileName);
        using var json = CheckedJson.Read(configPath);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException($"{configPath}: this is no configuration of an adapter.");
        }

        using var factors = SafetensorsReader.Open(Path.Combine(folder, PeftConfig.TensorFileName));
        var saved = SavedModules(json.RootElement, configPath);
        var head = ModelHeadOf(folder, factors, saved);
        var model = ModelRegistry.Load(modelFolder, ScalarType.Float32, head: head, headSeed: head is null ? null : 0);
        try
        {
            using var noGradient = no_grad();
            if (model is CausalLanguageModel causal && factors.Entries.Keys.Any(name =>
                name.StartsWith(PeftConfig.TensorPrefix + Head, StringComparison.Ordinal) || name.EndsWith(Embedding, StringComparison.Ordinal)
                || name.EndsWith(".embed_tokens" + LookedUpDown, StringComparison.Ordinal)))
            {
                causal.GiveOwnHead();
            }

            PutWhole(model, factors, saved, json.RootElement);
            var layers = model.named_modules().Where(m => m.module is Linear).ToDictionary(m => m.name, m => (Linear)m.module, StringComparer.Ordinal);
            Linear Layer(string name, string end)
            {
                var module = Module(name, end);
                return layers.TryGetValue(module, out var found) ? found : throw new FileFormatException($"{factors.Path}: '{name}' belongs to no linear layer of {modelFolder}.");
            }

            foreach (var name in factors.Entries.Keys.Where(n => n.EndsWith(Down, StringComparison.Ordinal)))
            {
                var layer = Layer(name, Down);
                using var scope = NewDisposeScope();
                var (a, b) = (factors.Read(name).to(float64), factors.Read(name[..^Down.Length] + Up).to(float64));
                Shapes.Require(a, name, Shapes.Any, layer.weight!.shape[1]);
                Shapes.Require(b, name[..^Down.Length] + Up, layer.weight.shape[0], a.shape[0]);
                Add(layer, b.matmul(a) * Scale(json.RootElement, Module(name, Down), a.shape[0], readsPatterns, configPath));
                if (Flag(json.RootElement, "use_dora"))
                {
                    Stretch(layer, factors.Read(name[..^Down.Length] + Magnitude).to(float64));
                }
            }

            foreach (var name in factors.Entries.Keys.Where(n => n.EndsWith(LookedUpDown, StringComparison.Ordinal)))
            {
                var module = Module(name, LookedUpDown);
                var rows = model.named_parameters().FirstOrDefault(p => p.name == module + ".weight").parameter
                    ?? throw new FileFormatException($"{factors.Path}: '{name}' belongs to no embedding of {modelFolder}.");
                using var scope = NewDisposeScope();
                var (a, b) = (factors.Read(name).to(float64), factors.Read(name[..^LookedUpDown.Length] + LookedUpUp).to(float64));
                Shapes.Require(a, name, Shapes.Any, rows.shape[0]);
                Shapes.Require(b, name[..^LookedUpDown.Length] + LookedUpUp, rows.shape[1], a.shape[0]);
                var sum = rows.to(float64) + (b.matmul(a).t() * Scale(json.RootElement, module, a.shape[0], readsPatterns, configPath));   // [V, D]
                rows.copy_(Flag(json.RootElement, "use_dora")
                    ? sum * (factors.Read(name[..^LookedUpDown.Length] + Magnitude).to(float64) / linalg.norm(sum, dims: [0]))
                    : sum);
            }

            foreach (var name in factors.Entries.Keys.Where(n => n.EndsWith(Values, StringComparison.Ordinal)))
            {
                var layer = Layer(name, Values);
                using var scope = NewDisposeScope();
                Tensor Of(string end) => factors.Read(name[..^Values.Length] + end).to(float64);
                double Key(string key) => json.RootElement.TryGetProperty(key, out var value) ? Number(value, key, configPath) : throw new FileFormatException($"{configPath}: there is no \"{key}\".");
                var (right, left, values) = (Of(Right), Of(Left), Of(Values));
                Shapes.Require(right, Right, values.shape[0], layer.weight!.shape[1]);
                Shapes.Require(left, Left, layer.weight.shape[0], values.shape[0]);
                Add(layer, left.matmul(right * values) * (Key("lora_alpha") / (Key("init_r") + 1e-5)));
            }

            foreach (var name in DenseReadBack.Modules(factors))
            {
                using var scope = NewDisposeScope();
                var (layer, module) = (Layer(name, ""), Module(name, ""));
                var delta = DenseReadBack.Product(factors, name);
                Shapes.Require(delta, name, [.. layer.weight!.shape]);
                double Of(string key, string patterns) => Value(json.RootElement, key, patterns, module, readsPatterns, configPath);
                Add(layer, delta * (Of("alpha", "alpha_pattern") / Of("r", "rank_pattern")));
            }

            foreach (var name in factors.Entries.Keys.Where(n => n.EndsWith(Stretches, StringComparison.Ordinal)))
            {
                using var scope = NewDisposeScope();
                Multiply(Layer(name, Stretches), name, factors.Read(name).to(float64));
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static string Module(string name, string end) =>
        name[..^end.Length] is var module && module.StartsWith(PeftConfig.TensorPrefix, StringComparison.Ordinal) ? module[PeftConfig.TensorPrefix.Length..] : module;

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

    /// <summary>
    /// The head with as many outputs as the file has for it, or null when the file has none; what they stand for is in our own file only.
    /// </summary>
    private static ModelHead? ModelHeadOf(string folder, SafetensorsReader factors, string[] saved)
    {
        var entry = EncoderModel.OutputWeights.Select(name => factors.Entries.GetValueOrDefault(PeftConfig.TensorPrefix + name)).FirstOrDefault(found => found is not null);
        return (entry, saved.Contains("classifier")) switch
        {
            ({ Shape: [>= 1 and <= ModelHead.MostOutputs, _] }, _) => ModelHeadFile.Read(folder) ?? ModelHead.OfOutputs((int)entry.Shape[0]),
            (null, false) => null,
            _ => throw new FileFormatException($"{factors.Path}: modules_to_save names a head, and the file has no weight of one ({string.Join(" or ", EncoderModel.OutputWeights)})."),
        };
    }

    /// <summary>
    /// Every tensor that is no factor is a saved module's, a bias or rows of tokens, and a saved module has all of its tensors: PEFT fails
    /// otherwise, too.
    /// </summary>
    private static void PutWhole(Network model, SafetensorsReader factors, string[] saved, JsonElement config)
    {
        static bool IsIn(string parameter, string module) => $".{parameter}".Contains($".{module}.", StringComparison.Ordinal);
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        var hasBiases = config.TryGetProperty("bias", out var biases) && biases.GetString() is "all" or "lora_only";
        var found = new HashSet<string>(StringComparer.Ordinal);
        string[] ends = [Down, Up, Magnitude, Right, Left, Values, Stretches, LookedUpDown, LookedUpUp, .. DenseReadBack.Ends];
        foreach (var name in factors.Entries.Keys.Where(n => !ends.Any(end => n.EndsWith(end, StringComparison.Ordinal))))
        {
            using var scope = NewDisposeScope();
            var inModel = (name.StartsWith(PeftConfig.TensorPrefix, StringComparison.Ordinal) ? name[PeftConfig.TensorPrefix.Length..] : name).Replace(".base_layer.", ".", StringComparison.Ordinal);
            if (inModel.EndsWith(Rows, StringComparison.Ordinal) && parameters.TryGetValue(inModel[..^Rows.Length] + ".weight", out var embedding))
            {
                embedding[tensor(TokensOf(config, inModel[..^Rows.Length], factors.Path))] = factors.Read(name);   // [V, D], [N], [N, D]
                continue;
            }

            var isTaken = parameters.TryGetValue(inModel, out var parameter)
                && (saved.Any(module => IsIn(inModel, module)) || (hasBiases && inModel.EndsWith(".bias", StringComparison.Ordinal)));
            if (!isTaken)
            {
                throw new FileFormatException($"{factors.Path}: '{name}' belongs neither to a block nor to modules_to_save.");
            }

            var stored = factors.Read(name);
            Shapes.Require(stored, name, [.. parameter!.shape]);
            parameter.copy_(stored);
            found.Add(inModel);
        }

        if (parameters.Keys.FirstOrDefault(name => saved.Any(module => IsIn(name, module)) && !found.Contains(name)) is { } missing)
        {
            throw new FileFormatException($"{factors.Path}: '{missing}' is missing.");
        }

        if (model.NewModules.FirstOrDefault(module => !found.Any(name => IsIn(name, module))) is { } random)
        {
            throw new FileFormatException($"{factors.Path}: neither the base model nor the adapter has '{random}'.");
        }
    }

    private static long[] TokensOf(JsonElement config, string module, string path) =>
        config.TryGetProperty("trainable_token_indices", out var tokens) && tokens.ValueKind == JsonValueKind.Object && tokens.TryGetProperty(module, out var ids)
            ? [.. ids.EnumerateArray().Select(id => id.GetInt64())]
            : throw new FileFormatException($"{path}: trainable_token_indices names no tokens of '{module}'.");

    /// <summary>Rows of W + s B A get the lengths that were learnt.</summary>
    private static void Stretch(Linear layer, Tensor lengths)
    {
        var wide = layer.weight!.to(float64);
        Put(layer, wide * (lengths / wide.square().sum(1).sqrt()).unsqueeze(1));   // [Dout, Din] · [Dout, 1]
    }

    /// <summary>W and b by rows, or W by columns.</summary>
    private static void Multiply(Linear layer, string name, Tensor factors)
    {
        var old = layer.weight!;
        var byRows = factors.shape.SequenceEqual([old.shape[0], 1]);
        if (!byRows)
        {
            Shapes.Require(factors, name, 1, old.shape[1]);
        }

        Put(layer, old.to(float64) * factors);   // [Dout, Din] · [Dout, 1] or [1, Din]
        if (byRows && layer.bias is { } bias)
        {
            bias.mul_(factors.flatten());
        }
    }

    private static void Add(Linear layer, Tensor delta) => Put(layer, layer.weight!.to(float64) + delta);   // [Dout, Din]

    private static void Put(Linear layer, Tensor values)
    {
        using var old = layer.weight!;
        var weight = new Parameter(values.to(float32), requires_grad: false);
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
        return alpha / (Flag(config, "use_rslora") ? Math.Sqrt(rank) : rank);
    }

    private static bool Flag(JsonElement config, string key) =>
        config.TryGetProperty(key, out var flag) && flag.ValueKind == JsonValueKind.True;

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

        return config.TryGetProperty(key, out var value) ? Number(value, key, path) : throw new FileFormatException(
            $"{path}: there is no \"{key}\".");
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
