using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// Reads a PEFT folder as another tool would: from its two files alone, W x + (alpha / r) B A x, magnitudes, rows of tokens and whole
/// modules written out, without the adapter classes that wrote it.
/// </summary>
internal static class PeftReadBack
{
    private const string Rows = ".token_adapter.trainable_tokens_delta";
    private const string Head = "lm_head.";
    private const string Embedding = ".embed_tokens";

    /// <summary>Loads the base model, adds every pair of factors to it and puts saved modules in their places.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="modelFolder">The base model's folder.</param>
    /// <param name="readsPatterns">Whether ranks and alphas of single modules are honoured, as PEFT does and vLLM does not.</param>
    /// <returns>The model in float32, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The folder does not hold what such a reader needs.</exception>
    public static Network Load(string folder, string modelFolder, bool readsPatterns)
    {
        var keys = ReadBackKeys.Read(folder, readsPatterns);
        using var factors = SafetensorsReader.Open(Path.Combine(folder, PeftConfig.TensorFileName));
        var saved = keys.SavedModules;
        var head = ModelHeadOf(folder, factors, saved);
        var model = ModelRegistry.Load(modelFolder, ScalarType.Float32, head: head, headSeed: head is null ? null : 0);
        try
        {
            using var noGradient = no_grad();
            if (model is CausalLanguageModel causal && factors.Entries.Keys.Any(NeedsOwnHead))
            {
                causal.GiveOwnHead();
            }

            PutWhole(model, factors, saved, keys);
            new ReadBackBlocks(model, factors, keys).Add();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Whether a tensor changes the embedding or the output head, so that they can no longer be one matrix.</summary>
    private static bool NeedsOwnHead(string name) => name.StartsWith(PeftConfig.TensorPrefix + Head, StringComparison.Ordinal)
        || name.EndsWith(Embedding + ".weight", StringComparison.Ordinal)
        || name.EndsWith(Embedding + ReadBackBlocks.LookedUpDown, StringComparison.Ordinal);

    /// <summary>
    /// The head with as many outputs as the file has for it, or null when the file has none; what they stand for is in our own file only.
    /// </summary>
    private static ModelHead? ModelHeadOf(string folder, SafetensorsReader factors, string[] saved)
    {
        var entry = EncoderModel.OutputWeights.Select(
            name => factors.Entries.GetValueOrDefault(PeftConfig.TensorPrefix + name)).FirstOrDefault(found => found is not null);
        return (entry, saved.Contains("classifier")) switch
        {
            ({ Shape: [>= 1 and <= ModelHead.MostOutputs, _] }, _) =>
                ModelHeadFile.Read(folder) ?? ModelHead.OfOutputs((int)entry.Shape[0]),
            (null, false) => null,
            _ => throw new FileFormatException($"{factors.Path}: modules_to_save names a head, and the file has no weight of one ({string.Join(" or ", EncoderModel.OutputWeights)})."),
        };
    }

    /// <summary>
    /// Every tensor that is no factor is a saved module's, a bias or rows of tokens, and a saved module has all of its tensors: PEFT fails
    /// otherwise, too.
    /// </summary>
    private static void PutWhole(Network model, SafetensorsReader factors, string[] saved, ReadBackKeys keys)
    {
        static bool IsIn(string parameter, string module) => $".{parameter}".Contains($".{module}.", StringComparison.Ordinal);
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in factors.Entries.Keys.Where(n => !ReadBackBlocks.Ends.Any(end => n.EndsWith(end, StringComparison.Ordinal))))
        {
            using var scope = NewDisposeScope();
            var inModel = model.OwnName(ReadBackBlocks.Module(name, "").Replace(".base_layer.", ".", StringComparison.Ordinal));
            if (inModel.EndsWith(Rows, StringComparison.Ordinal) && parameters.TryGetValue(
                inModel[..^Rows.Length] + ".weight", out var embedding))
            {
                embedding[tensor(keys.TokensOf(inModel[..^Rows.Length]))] = factors.Read(name);   // [V, D], [N], [N, D]
                continue;
            }

            var isTaken = parameters.TryGetValue(inModel, out var parameter)
                && (saved.Any(module => IsIn(inModel, module)) || (keys.HasBiases && inModel.EndsWith(".bias", StringComparison.Ordinal)));
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
}
