using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The PEFT adapter folder: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal static class PeftFolder
{
    public const string WeightOfA = ".lora_A.weight";
    public const string WeightOfB = ".lora_B.weight";
    public const string Magnitude = ".lora_magnitude_vector";
    public const string RowsOfTokens = ".token_adapter.trainable_tokens_delta";

    private const string BiasEnd = ".bias";

    /// <summary>One block as it is written.</summary>
    /// <param name="Module">The module's dotted name.</param>
    /// <param name="A">[R, Din], borrowed.</param>
    /// <param name="B">[Dout, R], borrowed.</param>
    /// <param name="Alpha">The alpha that a reader divides by R, or by √R when rank-stabilised.</param>
    public sealed record Block(string Module, Tensor A, Tensor B, double Alpha)
    {
        /// <summary>m [Dout], borrowed (DoRA); null for plain LoRA.</summary>
        public Tensor? Magnitude { get; init; }
    }

    /// <summary>
    /// Writes the two files into a folder. Blocks that differ from the usual rank or alpha get a pattern of their own, which
    /// matches no other module. The adapted model's saved modules come along whole.
    /// </summary>
    public static void Write(
        string folder, IReadOnlyList<Block> blocks, AdaptedModel adapted, double dropout, bool rankStabilized, string? baseModel)
    {
        var rank = (int)Usual(blocks.Select(b => b.A.shape[0]));
        var alpha = Usual(blocks.Select(b => b.Alpha));
        var text = PeftConfig.Text(
            Shortened([.. blocks.Select(b => b.Module)], adapted.LinearNames), rank, alpha, dropout, rankStabilized, baseModel,
            blocks.Where(b => b.A.shape[0] != rank).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => (int)b.A.shape[0]),
            blocks.Where(b => b.Alpha != alpha).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => b.Alpha),
            Extras(adapted, blocks));
        AtomicFile.WriteText(Path.Combine(folder, PeftConfig.FileName), text);
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(
            Path.Combine(folder, PeftConfig.TensorFileName),
            blocks.SelectMany(Tensors)
                .Concat(adapted.SavedParameters().Select(p => (Name: p.Key, Value: (Tensor)p.Value)))
                .Concat(adapted.Tokens.Select(tokens => (Name: tokens.Module + RowsOfTokens, Value: Rows(adapted, tokens))))
                .Select(t => KeyValuePair.Create(PeftConfig.TensorPrefix + t.Name, t.Value)));
    }

    /// <summary>What a folder holds, from its configuration alone.</summary>
    public static AdapterDescription Describe(string folder)
    {
        var peft = PeftConfig.Read(folder);
        var tensorFile = Path.Combine(folder, PeftConfig.TensorFileName);
        var pickle = Path.Combine(folder, "adapter_model.bin");
        if (!File.Exists(tensorFile) && File.Exists(pickle))
        {
            throw PickleFiles.Refusal(pickle);
        }

        try
        {
            var choices = PeftChoices.Of(peft);
            var config = new AdapterConfig
            {
                Rank = peft.Rank,
                Alpha = peft.Alpha,
                Dropout = peft.Dropout,
                RankStabilized = peft.RankStabilized,
                Targets = choices.Targets.Named ?? throw new JsonException("target_modules is null"),
                Exclude = choices.Targets.Exclude,
            };
            return new AdapterDescription(folder, "peft", config, peft.BaseModel, tensorFile, PeftConfig.TensorPrefix)
            {
                Peft = choices,
                SavedModules = peft.SavedModules ?? [],
                Overrides = new ModuleOverrides(Patterns<int>(peft.RankPattern), Patterns<double>(peft.AlphaPattern)),
            };
        }
        catch (JsonException e)
        {
            throw new FileFormatException(
                $"{Path.Combine(folder, PeftConfig.FileName)}: a choice of modules cannot be read ({e.Message}); target_modules and exclude_modules hold a list of names, all-linear or a regular expression, rank_pattern and alpha_pattern map patterns to numbers.", e);
        }
    }

    private static IEnumerable<(string Name, Tensor Value)> Tensors(Block block)
    {
        yield return (block.Module + WeightOfA, block.A);
        yield return (block.Module + WeightOfB, block.B);
        if (block.Magnitude is { } magnitude)
        {
            yield return (block.Module + Magnitude, magnitude);
        }
    }

    private static Tensor Rows(AdaptedModel adapted, TrainedTokens tokens)
    {
        using var noGradient = no_grad();
        using var ids = tensor(tokens.Ids.ToArray());
        return adapted.Model.named_parameters().First(p => p.name == tokens.Module + ".weight").parameter.index_select(0, ids);   // [V, D] -> [N, D]
    }

    /// <summary>What goes along, as PEFT says it: biases are no modules, and have a key of their own.</summary>
    private static PeftExtras Extras(AdaptedModel adapted, IReadOnlyList<Block> blocks)
    {
        static bool IsBias(string name) => name.EndsWith(BiasEnd, StringComparison.Ordinal);
        var biases = adapted.SavedModules.Where(IsBias).ToArray();
        var modules = adapted.SavedModules.Where(name => !IsBias(name)).ToArray();
        return new PeftExtras
        {
            SavedModules = modules,
            IsClassifier = modules.Contains("classifier"),
            Biases = biases.Length == 0 ? "none" : biases.All(name => name.EndsWith(".base_layer" + BiasEnd, StringComparison.Ordinal)) ? "lora_only" : "all",
            HasMagnitudes = blocks.Any(block => block.Magnitude is not null),
            TrainedTokens = adapted.Tokens.ToDictionary(tokens => tokens.Module, tokens => tokens.Ids),
        };
    }

    /// <summary>The patterns in the file's order, which decides where two match.</summary>
    private static KeyValuePair<string, T>[] Patterns<T>(JsonElement? written) =>
        [.. written?.Deserialize<OrderedDictionary<string, T>>() ?? []];

    private static T Usual<T>(IEnumerable<T> values) where T : notnull => values.CountBy(value => value).MaxBy(count => count.Value).Key;

    /// <summary>Last name parts when they choose exactly the same layers, whole names otherwise.</summary>
    private static string[] Shortened(string[] chosen, IReadOnlyList<string> linearNames)
    {
        string[] suffixes =
            [.. chosen.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return linearNames.Count(TargetModules.Suffixes(suffixes).Matches) == chosen.Length ? suffixes : chosen;
    }
}
