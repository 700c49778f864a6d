using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The PEFT adapter folder: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal static class PeftFolder
{
    public const string RowsOfTokens = ".token_adapter.trainable_tokens_delta";

    private const string BiasEnd = ".bias";

    /// <summary>One block as it is written.</summary>
    /// <param name="Module">The module's dotted name.</param>
    /// <param name="Stored">What is stored of it.</param>
    public sealed record Block(string Module, StoredBlock Stored);

    /// <summary>
    /// Writes the two files into a folder. Blocks that differ from the usual rank or alpha get a pattern of their own, which
    /// matches no other module. The adapted model's saved modules come along whole.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="config">The settings that a reader needs, rank and alpha aside.</param>
    /// <param name="adapted">The model with what is saved beside blocks.</param>
    /// <param name="baseModel">The name or folder of the base model, or null.</param>
    public static void Write(string folder, IReadOnlyList<Block> blocks, AdapterConfig config, AdaptedModel adapted, string? baseModel)
    {
        var method = config.Kind;
        var network = adapted.Model as IPeftNetwork;
        string Named(string own) => network?.PeftName(own) ?? own;
        if (blocks.Any(b => Named(b.Module) != b.Module))
        {
            config = method.Renamed(config, blocks.Select(b => (b.Module, Named(b.Module))));
            blocks = [.. blocks.Select(b => b with { Module = Named(b.Module) })];
        }

        var usual = config with { Rank = Usual(blocks.Select(b => b.Stored.Rank)), Alpha = Usual(blocks.Select(b => b.Stored.Alpha)) };
        var own = new Dictionary<string, object?>(StringComparer.Ordinal);
        method.WritePeft(usual, own);
        var text = PeftConfig.Text(
            method.PeftType ?? throw new ConfigException(
                $"PEFT has no adapter of {method.Title}; merge it (reslora merge), or save it in reslora's own format."),
            Shortened(
                [.. blocks.Select(b => b.Module)],
                [.. adapted.LayerNames.Select(Named)]), method is { HasRank: true, HasPatterns: true } ? usual.Rank : null, baseModel, own,
            blocks.Where(b => b.Stored.Rank != usual.Rank).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => b.Stored.Rank),
            blocks.Where(b => b.Stored.Alpha != usual.Alpha).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => b.Stored.Alpha),
            Extras(adapted, network?.HasPeftTask == true, Named));
        AtomicFile.WriteText(Path.Combine(folder, PeftConfig.FileName), text);
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(
            Path.Combine(folder, PeftConfig.TensorFileName),
            blocks.SelectMany(block => block.Stored.Factors.Select(factor => (Name: $"{block.Module}.{factor.Key}", factor.Value)))
                .Concat(adapted.SavedParameters().Select(p => (Name: Named(p.Key), Value: (Tensor)p.Value)))
                .Concat(adapted.Tokens.Select(tokens => (Name: Named(tokens.Module) + RowsOfTokens, Value: Rows(adapted, tokens))))
                .Select(t => KeyValuePair.Create(PeftConfig.TensorPrefix + t.Name, t.Value))
                .Concat(
                    method == adapted.Config.Kind ? adapted.Shared.Select(
                        t => KeyValuePair.Create(PeftConfig.SharedPrefix + t.Key, t.Value)) : []));
    }

    /// <summary>What a folder holds, from its configuration alone.</summary>
    public static AdapterDescription Describe(string folder)
    {
        var peft = PeftConfig.Read(folder, AdapterMethods.PeftTypes, file => AdapterMethods.Of(file).PeftKeys);
        var tensorFile = Path.Combine(folder, PeftConfig.TensorFileName);
        var pickle = Path.Combine(folder, "adapter_model.bin");
        if (!File.Exists(tensorFile) && File.Exists(pickle))
        {
            throw PickleFiles.Refusal(pickle);
        }

        try
        {
            var choices = PeftChoices.Of(peft);
            var method = AdapterMethods.Of(peft);
            var config = Own(folder, method, peft, new AdapterConfig
            {
                Targets = choices.Targets.Named ?? throw new JsonException("target_modules is null"),
                Exclude = choices.Targets.Exclude,
            });
            return new AdapterDescription(folder, "peft", config, BaseModel(peft), tensorFile, PeftConfig.TensorPrefix)
            {
                Peft = choices,
                SavedModules = peft.SavedModules ?? [],
                Overrides = method.HasPatterns ? new ModuleOverrides(
                    Patterns<int>(peft.RankPattern), Patterns<double>(peft.AlphaPattern)) : ModuleOverrides.None,
            };
        }
        catch (JsonException e)
        {
            throw new FileFormatException(
                $"{Path.Combine(folder, PeftConfig.FileName)}: a choice of modules cannot be read ({e.Message}); target_modules and exclude_modules hold a list of names, all-linear or a regular expression, rank_pattern and alpha_pattern map patterns to numbers.", e);
        }
    }

    /// <summary>The base model; with its commit, it is a name on a hub and no folder of that name.</summary>
    private static string? BaseModel(PeftConfig peft) =>
        HubReference.IsRepository(peft.BaseModel) && peft.Revision is { } commit && HubReference.IsCommit(commit)
            ? new HubReference(peft.BaseModel!, commit).ToString()
            : peft.BaseModel;

    private static AdapterConfig Own(string folder, AdapterMethod method, PeftConfig peft, AdapterConfig common)
    {
        try
        {
            return method.ReadPeft(peft, common);
        }
        catch (JsonException e)
        {
            throw new FileFormatException(
                $"{Path.Combine(folder, PeftConfig.FileName)}: a setting of {method.Title} cannot be read: {e.Message}.", e);
        }
    }

    private static Tensor Rows(AdaptedModel adapted, TrainedTokens tokens)
    {
        using var noGradient = no_grad();
        var weight = adapted.Model.named_parameters().First(p => p.name == tokens.Module + ".weight").parameter;
        using var ids = tensor(tokens.Ids.ToArray(), device: weight.device);
        return weight.index_select(0, ids);   // [V, D] -> [N, D]
    }

    /// <summary>What goes along, as PEFT says it: biases are no modules, and have a key of their own.</summary>
    private static PeftExtras Extras(AdaptedModel adapted, bool hasTask, Func<string, string> named)
    {
        static bool IsBias(string name) => name.EndsWith(BiasEnd, StringComparison.Ordinal);
        var biases = adapted.SavedModules.Where(IsBias).Select(named).ToArray();
        var modules = adapted.SavedModules.Where(name => !IsBias(name)).Select(named).ToArray();
        return new PeftExtras
        {
            SavedModules = modules,
            TaskType = !hasTask ? null : modules.Contains("classifier") ? PeftExtras.ClassifierTask : PeftExtras.CausalTask,
            Biases = biases.Length == 0 ? "none" : biases.All(
                name => name.EndsWith(".base_layer" + BiasEnd, StringComparison.Ordinal)) ? "lora_only" : "all",
            TrainedTokens = adapted.Tokens.ToDictionary(tokens => named(tokens.Module), tokens => tokens.Ids),
        };
    }

    /// <summary>The patterns in the file's order, which decides where two match.</summary>
    private static KeyValuePair<string, T>[] Patterns<T>(JsonElement? written) =>
        [.. written?.Deserialize<OrderedDictionary<string, T>>() ?? []];

    private static T Usual<T>(IEnumerable<T> values) where T : notnull => values.CountBy(value => value).MaxBy(count => count.Value).Key;

    /// <summary>The ends of names when they choose exactly the same layers, whole names otherwise.</summary>
    public static string[] Shortened(string[] chosen, IReadOnlyList<string> layerNames)
    {
        string[] suffixes = [.. chosen.Select(End).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return layerNames.Count(TargetModules.Suffixes(suffixes).Matches) == chosen.Length ? suffixes : chosen;
    }

    /// <summary>
    /// The last part of a name, and the one before a number: PEFT looks at every module of a network, and "0" is also the end of a block's
    /// name (<c>down_blocks.0</c>), <c>to_out.0</c> is not.
    /// </summary>
    private static string End(string name)
    {
        var parts = name.Split('.');
        return parts.Length > 1 && parts[^1].All(char.IsAsciiDigit) ? $"{parts[^2]}.{parts[^1]}" : parts[^1];
    }
}
