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
            AtomicFolder.Write(
                folder,
                path => PeftFolder.Write(
                    path, [.. adapted.Blocks.Select(b => new PeftFolder.Block(b.ModuleName, b.A, b.B, b.Config.Alpha))],
                    adapted, config.Dropout, config.RankStabilized, baseModel),
                overwrite);
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
        using var scope = NewDisposeScope();
        PeftFolder.Block[] blocks = [.. PortableBlocks(merged).Select(b => new PeftFolder.Block(b.Module, b.A, b.B, b.A.shape[0]))];
        AtomicFolder.Write(folder, path => PeftFolder.Write(path, blocks, merged.Adapted, 0, false, baseModel), overwrite);
    }

    /// <summary>The factors of a merged adapter as every tool reads them alike: one rank for all, the scaling in B.</summary>
    /// <param name="merged">The merged adapter.</param>
    /// <returns>For each block its module's dotted name, A [rank, Din] and B [Dout, rank]: new tensors, owned by the caller's dispose scope.</returns>
    public static IReadOnlyList<(string Module, Tensor A, Tensor B)> PortableBlocks(MergedAdapter merged)
    {
        ArgumentNullException.ThrowIfNull(merged);
        using var noGradient = no_grad();
        var rank = merged.Blocks.Max(b => b.Pair.A.shape[0]);
        return [.. merged.Blocks.Select(b =>
        {
            var missing = rank - b.Pair.A.shape[0];
            using var scaled = b.Pair.B * b.Pair.Scaling;
            return (
                b.ModuleName,
                nn.functional.pad(b.Pair.A, [0, 0, 0, missing]),   // [R, Din] -> [rank, Din]
                nn.functional.pad(scaled, [0, missing]));          // [Dout, R] -> [Dout, rank]
        })];
    }

    /// <summary>
    /// Saves a merged adapter as PEFT itself would: factors as they are, each block with its own rank, alpha = scaling · rank.
    /// Blocks that differ from the others get a <c>rank_pattern</c> and an <c>alpha_pattern</c>, which PEFT honours and vLLM and llama.cpp do not.
    /// </summary>
    /// <param name="merged">The merged adapter.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="baseModel">The name or folder of the base model, or null when unknown.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced. Default true.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced.</exception>
    public static void SavePeftUnpadded(MergedAdapter merged, string folder, string? baseModel = null, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(merged);
        PeftFolder.Block[] blocks =
            [.. merged.Blocks.Select(b => new PeftFolder.Block(b.ModuleName, b.Pair.A, b.Pair.B, b.Pair.Scaling * b.Pair.A.shape[0]))];
        AtomicFolder.Write(folder, path => PeftFolder.Write(path, blocks, merged.Adapted, 0, false, baseModel), overwrite);
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
        var adapted = AdaptedModel.Inject(model, description.Config, description.Overrides, savedModules: description.ChosenFrom(headModules ?? []));
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
            (name: description.Prefix + b.ModuleName + PeftFolder.WeightOfA, target: (Tensor)b.A),
            (name: description.Prefix + b.ModuleName + PeftFolder.WeightOfB, target: (Tensor)b.B),
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

        return PeftFolder.Describe(folder);
    }
}
