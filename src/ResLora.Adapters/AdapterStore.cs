using System.Text.Json;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Peft;
using ResLora.Formats.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Adapter folders: plain LoRA as a PEFT folder that other tools read, live shortcuts as a <c>reslora</c> folder
/// (docs/formats.md). Every folder is written aside and moved into place.
/// </summary>
public static class AdapterStore
{
    private const string WeightOfA = ".lora_A.weight";
    private const string WeightOfB = ".lora_B.weight";

    /// <summary>Saves an adapter: plain LoRA in PEFT's format, anything with shortcuts in ours, statistics included.</summary>
    /// <param name="adapted">The adapted model.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="baseModel">The name or folder of the base model, for whoever loads it; null when unknown.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced. Default true.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced.</exception>
    public static void Save(AdaptedModel adapted, string folder, string? baseModel = null, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        var config = adapted.Config;
        if (config.Shortcut.Kind == ShortcutKind.None)
        {
            var text = PeftConfig.Text(TargetNames(adapted), config.Rank, config.Alpha, config.Dropout, config.RankStabilized, baseModel, adapted.SavedModules);
            WritePeft(folder, text, adapted.Blocks.Select(b => (b.ModuleName, (Tensor)b.A, (Tensor)b.B)), adapted, overwrite);
            return;
        }

        AtomicFolder.Write(folder, path => ResLoraFolder.Write(adapted, path, baseModel), overwrite);
    }

    /// <summary>
    /// Saves a merged adapter for other tools, in the profile that PEFT, vLLM and llama.cpp read alike: the scaling baked
    /// into B, one rank for all blocks (smaller ones padded with zeros), alpha = rank.
    /// </summary>
    /// <param name="merged">The merged adapter.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="baseModel">The name or folder of the base model, or null when unknown.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced. Default true.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced.</exception>
    public static void SavePeft(MergedAdapter merged, string folder, string? baseModel = null, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(merged);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var rank = merged.Blocks.Max(b => b.Pair.A.shape[0]);
        var blocks = merged.Blocks.Select(b =>
        {
            var missing = rank - b.Pair.A.shape[0];
            var a = nn.functional.pad(b.Pair.A, [0, 0, 0, missing]);                       // [R, Din] -> [rank, Din]
            var bScaled = nn.functional.pad(b.Pair.B * b.Pair.Scaling, [0, missing]);      // [Dout, R] -> [Dout, rank]
            return (b.ModuleName, a, bScaled);
        });
        string[] targets = [.. merged.Blocks.Select(b => b.ModuleName)];
        var text = PeftConfig.Text(Shortened(targets, merged.LinearNames), (int)rank, rank, 0, false, baseModel, merged.Adapted.SavedModules);
        WritePeft(folder, text, blocks, merged.Adapted, overwrite);
    }

    /// <summary>Puts a saved adapter on a model. PEFT and reslora folders are told apart by their files.</summary>
    /// <param name="model">The base model, without blocks.</param>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="headModules">Dotted names of the modules that the adapter may bring whole: those of the model's head. Null for none.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or its tensors do not fit the model.</exception>
    /// <exception cref="ConfigException">The adapter needs something that is not supported.</exception>
    public static AdaptedModel Load(nn.Module model, string folder, IReadOnlyList<string>? headModules = null)
    {
        var description = Describe(folder);
        var adapted = AdaptedModel.Inject(model, description.Config, savedModules: SavedModules(description, headModules ?? []));
        try
        {
            Fill(adapted, folder);
            return adapted;
        }
        catch
        {
            adapted.Remove();
            throw;
        }
    }

    /// <summary>Reads a folder's values (and statistics) into blocks that exist already.</summary>
    /// <param name="adapted">The adapted model, of the same settings.</param>
    /// <param name="folder">The adapter folder.</param>
    /// <exception cref="FileFormatException">A file is missing or broken, or its tensors do not fit the blocks; all are named.</exception>
    public static void Fill(AdaptedModel adapted, string folder)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        var description = Describe(folder);
        using var reader = SafetensorsReader.Open(description.TensorFile);
        var wanted = adapted.Blocks.SelectMany(b => new[]
        {
            (name: description.Prefix + b.ModuleName + WeightOfA, target: (Tensor)b.A),
            (name: description.Prefix + b.ModuleName + WeightOfB, target: (Tensor)b.B),
        }).Concat(adapted.SavedParameters().Select(p => (name: description.Prefix + p.Key, target: (Tensor)p.Value)))
            .ToDictionary(w => w.name, w => w.target, StringComparer.Ordinal);
        var problems = wanted
            .Where(w => !reader.Entries.TryGetValue(w.Key, out var entry) || !entry.Shape.SequenceEqual(w.Value.shape))
            .Select(w => reader.Entries.TryGetValue(w.Key, out var entry)
                ? $"'{w.Key}' is [{string.Join(", ", entry.Shape)}], the model needs [{string.Join(", ", w.Value.shape)}]"
                : $"'{w.Key}' is missing")
            .Concat(reader.Entries.Keys.Where(k => !wanted.ContainsKey(k) && !ResLoraFolder.IsStatistic(k)).Select(k => $"'{k}' belongs to no block"))
            .ToArray();
        if (problems.Length > 0)
        {
            throw new FileFormatException(
                $"{description.TensorFile}: the adapter does not fit this model ({problems.Length} tensors): {string.Join("; ", problems.Take(6))}.");
        }

        using var noGradient = no_grad();
        foreach (var (name, target) in wanted)
        {
            using var stored = reader.Read(name);
            target.copy_(stored);
        }

        adapted.ShortcutWeight = description.ShortcutWeight;
        ResLoraFolder.ReadStatistics(reader, adapted);
    }

    /// <summary>What an adapter folder holds, from its configuration alone.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <returns>The description.</returns>
    /// <exception cref="FileFormatException">The folder holds no adapter, or its configuration is malformed.</exception>
    /// <exception cref="ConfigException">The adapter needs something that is not supported.</exception>
    public static AdapterDescription Describe(string folder)
    {
        if (File.Exists(Path.Combine(folder, ResLoraFolder.ConfigFileName)))
        {
            return ResLoraFolder.Describe(folder);
        }

        if (!File.Exists(Path.Combine(folder, PeftConfig.FileName)))
        {
            throw new FileFormatException(
                $"{folder}: this is no adapter folder: there is neither {ResLoraFolder.ConfigFileName} nor {PeftConfig.FileName}. A run's adapters are in its best and last folders.");
        }

        var peft = PeftConfig.Read(folder);
        try
        {
            var config = new AdapterConfig
            {
                Rank = peft.Rank,
                Alpha = peft.Alpha,
                Dropout = peft.Dropout,
                RankStabilized = peft.RankStabilized,
                Targets = peft.TargetModules.Deserialize<TargetModules>() ?? throw new JsonException("target_modules is null"),
                Exclude = peft.ExcludeModules is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0
                    ? null
                    : peft.ExcludeModules?.Deserialize<TargetModules>(),
            };
            return new AdapterDescription(folder, "peft", config, peft.BaseModel, Path.Combine(folder, PeftConfig.TensorFileName), PeftConfig.TensorPrefix)
            {
                SavedModules = peft.SavedModules ?? [],
            };
        }
        catch (JsonException e)
        {
            throw new FileFormatException(
                $"{Path.Combine(folder, PeftConfig.FileName)}: target_modules or exclude_modules cannot be read ({e.Message}); they hold a list of module names, all-linear or a regular expression.", e);
        }
    }

    /// <summary>The model's modules that a folder brings whole. PEFT adds both usual names of a head, of which a model has one.</summary>
    private static string[] SavedModules(AdapterDescription description, IReadOnlyList<string> headModules)
    {
        string[] usual = headModules.Count == 0 ? [] : ["classifier", "score"];
        bool Fits(string head, string name) => head == name || head.EndsWith("." + name, StringComparison.Ordinal);
        var strange = description.SavedModules.Where(name => !usual.Contains(name) && !headModules.Any(head => Fits(head, name))).ToArray();
        return strange.Length == 0
            ? [.. headModules.Where(head => description.SavedModules.Any(name => Fits(head, name)))]
            : throw new ConfigException(
                $"{description.Folder}: modules_to_save {string.Join(", ", strange)}: only the head of a model for classification is supported ({(headModules.Count == 0 ? "this model has none" : string.Join(", ", headModules))}).");
    }

    private static void WritePeft(string folder, string config, IEnumerable<(string Name, Tensor A, Tensor B)> blocks, AdaptedModel adapted, bool overwrite) =>
        AtomicFolder.Write(
            folder,
            path =>
            {
                AtomicFile.WriteText(Path.Combine(path, PeftConfig.FileName), config);
                SafetensorsWriter.Write(Path.Combine(path, PeftConfig.TensorFileName), blocks.SelectMany(b => new[]
                {
                    KeyValuePair.Create(PeftConfig.TensorPrefix + b.Name + WeightOfA, b.A),
                    KeyValuePair.Create(PeftConfig.TensorPrefix + b.Name + WeightOfB, b.B),
                }).Concat(adapted.SavedParameters().Select(p => KeyValuePair.Create(PeftConfig.TensorPrefix + p.Key, (Tensor)p.Value))));
            },
            overwrite);

    private static string[] TargetNames(AdaptedModel adapted) =>
        Shortened([.. adapted.Blocks.Select(b => b.ModuleName)], adapted.LinearNames);

    /// <summary>Last name parts when they choose exactly the same layers, whole names otherwise.</summary>
    private static string[] Shortened(string[] chosen, IReadOnlyList<string> linearNames)
    {
        string[] suffixes = [.. chosen.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return linearNames.Count(TargetModules.Suffixes(suffixes).Matches) == chosen.Length ? suffixes : chosen;
    }
}
