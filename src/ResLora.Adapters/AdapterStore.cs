using ResLora.Adapters.LoraFiles;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Peft;
using ResLora.Tensors;
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
        if (adapted.Config is { Shortcut.Kind: ShortcutKind.None, Kind.PeftType: not null })
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            PeftFolder.Block[] blocks = [.. adapted.Blocks.Select(b => new PeftFolder.Block(b.ModuleName, b.Stored()))];
            AtomicFolder.Write(
                folder, path => PeftFolder.Write(path, blocks, adapted.Config.Kind.WrittenConfig(adapted), adapted, baseModel), overwrite);
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
        PeftFolder.Block[] blocks =
        [
            .. PortableBlocks(merged).Select(b => new PeftFolder.Block(
                b.Module,
                new StoredBlock(
                    [KeyValuePair.Create("lora_A.weight", b.A), KeyValuePair.Create("lora_B.weight", b.B)], (int)b.A.shape[0], b.A.shape[0]))),
        ];
        AtomicFolder.Write(folder, path => PeftFolder.Write(path, blocks, new AdapterConfig(), merged.Adapted, baseModel), overwrite);
    }

    /// <summary>The factors of a merged adapter as every tool reads them alike: one rank for all, the scaling in B.</summary>
    /// <param name="merged">The merged adapter.</param>
    /// <returns>For each block its module's dotted name, A [rank, Din] and B [Dout, rank]: new tensors, owned by the caller's dispose
    /// scope.</returns>
    public static IReadOnlyList<(string Module, Tensor A, Tensor B)> PortableBlocks(MergedAdapter merged)
    {
        ArgumentNullException.ThrowIfNull(merged);
        RequirePlain(merged.Adapted);
        using var noGradient = no_grad();
        var pairs = merged.Blocks.Select(b => (b.ModuleName, Pair: LowRank(b))).ToArray();
        var rank = pairs.Max(b => b.Pair.A.shape[0]);
        return [.. pairs.Select(b =>
        {
            var missing = rank - b.Pair.A.shape[0];
            using var scaled = b.Pair.B * b.Pair.Scaling;
            return (
                b.ModuleName,
                nn.functional.pad(b.Pair.A, [0, 0, 0, missing]),   // [R, Din] -> [rank, Din]
                nn.functional.pad(scaled, [0, missing]));          // [Dout, R] -> [Dout, rank]
        })];
    }

    /// <summary>The usual name of a LoRA file in a folder, which is diffusers'.</summary>
    public const string LoraFileName = LoraFile.UsualName;

    /// <summary>The LoRA file of a text-to-image model that a path means.</summary>
    /// <param name="path">A file, or a folder that may hold one under its usual name, as safetensors or as a pickle.</param>
    /// <returns>The file, or null where there is none.</returns>
    public static string? FindLoraFile(string path) => LoraFile.Find(path);

    /// <summary>Saves a merged adapter of a text-to-image model as one LoRA file (docs/formats.md); each block keeps its rank.</summary>
    /// <param name="merged">The merged adapter.</param>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="format">Whose names the tensors get.</param>
    /// <param name="dtype">float32 or float16.</param>
    /// <exception cref="ConfigException">The adapter has something that such a file has no place for, or the disk refuses.</exception>
    public static void SaveLoraFile(MergedAdapter merged, string path, LoraFileFormat format, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(merged);
        LoraFileWriter.Write(merged, path, format, dtype);
    }

    private static LoraPair LowRank(MergedBlock block) => block.Update.AsLowRank()
        ?? throw new ConfigException(
            $"'{block.ModuleName}': its update has no low rank, so that it fits into no LoRA; "
            + "merge it into the model (merge --as model, export --to hf).");

    /// <summary>Refuses an adapter with what a plain LoRA has no place for, however it is merged.</summary>
    /// <param name="adapted">The adapted model.</param>
    /// <exception cref="ConfigException">It has such a thing.</exception>
    public static void RequirePlain(AdaptedModel adapted)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        if (adapted.BesidesLora is { Count: > 0 } besides)
        {
            var isPefts = adapted.Config is { Shortcut.Kind: ShortcutKind.None } or { Kind.HasMergedAdapter: true };
            var peft = isPefts ? ", or export it to PEFT (--to peft)" : "";
            throw new ConfigException(
                $"The adapter has {string.Join(", ", besides)}, for which a plain LoRA has no place; "
                + $"merge it into the model (merge --as model, export --to hf){peft}.");
        }
    }

    /// <summary>
    /// Saves a merged adapter as PEFT itself would: factors as they are, each block with its own rank, alpha = scaling · rank.
    /// Blocks that differ from the others get a <c>rank_pattern</c> and an <c>alpha_pattern</c>, which PEFT honours and vLLM and llama.cpp
    /// do not.
    /// </summary>
    /// <param name="merged">The merged adapter.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="baseModel">The name or folder of the base model, or null when unknown.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced. Default true.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced.</exception>
    public static void SavePeftUnpadded(MergedAdapter merged, string folder, string? baseModel = null, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(merged);
        var methods = merged.Blocks.Select(b => b.Update.StoredAs).Distinct().ToArray();
        var method = methods.Length == 1 ? methods[0] : null;
        if (method is null)
        {
            throw new ConfigException(
                "The merged updates have no low rank, so that PEFT has no adapter for them; "
                + "merge them into the model (merge --as model, export --to hf).");
        }

        PeftFolder.Block[] blocks =
            [.. merged.Blocks.Select(b => new PeftFolder.Block(
                b.ModuleName, new StoredBlock(b.Update.Factors, (int)b.Update.Rank, b.Update.Scaling * b.Update.Rank)))];
        AtomicFolder.Write(
            folder, path =>
                PeftFolder.Write(path, blocks, new AdapterConfig { Method = method.Name }, merged.Adapted, baseModel), overwrite);
    }

    /// <summary>Puts a saved adapter on a model. PEFT's and reslora's folders and LoRA files are told apart by what is in them.</summary>
    /// <param name="model">The base model, without blocks.</param>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="headModules">Dotted names of the modules of the model's head, which the adapter may bring whole. Null for none.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or its tensors do not fit the model.</exception>
    /// <exception cref="ConfigException">The adapter needs something that is not supported.</exception>
    public static AdaptedModel Load(nn.Module model, string folder, IReadOnlyList<string>? headModules = null) =>
        Load(model, Describe(folder), headModules);

    /// <summary>Puts a saved adapter on a model, perhaps cut to a rank.</summary>
    /// <param name="model">The base model, without blocks.</param>
    /// <param name="description">The adapter.</param>
    /// <param name="headModules">As for the other overload.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="FileFormatException">As for the other overload.</exception>
    /// <exception cref="ConfigException">As for the other overload.</exception>
    public static AdaptedModel Load(nn.Module model, AdapterDescription description, IReadOnlyList<string>? headModules = null)
    {
        ArgumentNullException.ThrowIfNull(description);
        AdaptedModel.RequirePossible(description.Config, description.Overrides);
        using var file = description.OpenTensors();
        var contents = Contents(model, description, file.Tensors, headModules);
        var adapted = AdaptedModel.Inject(model, contents);
        try
        {
            AdapterValues.Read(adapted, contents, file);
            adapted.ShortcutWeight = description.ShortcutWeight;
            if (description.CutFrom is null || description.CutFrom == description.Config.Rank)
            {
                ResLoraFolder.ReadStatistics(file, adapted);   // of the whole rank; of a smaller one they would be wrong
            }

            return adapted;
        }
        catch
        {
            adapted.Remove();
            throw;
        }
    }

    /// <summary>Puts the blocks of a saved adapter on a model without their values: what is where, for plans.</summary>
    /// <param name="model">The base model, without blocks; may be on the meta device.</param>
    /// <param name="description">The adapter.</param>
    /// <param name="headModules">As for <see cref="Load(nn.Module, string, IReadOnlyList{string}?)"/>.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Load(nn.Module, string, IReadOnlyList{string}?)"/>.</exception>
    /// <exception cref="ConfigException">As for <see cref="Load(nn.Module, string, IReadOnlyList{string}?)"/>.</exception>
    public static AdaptedModel Place(nn.Module model, AdapterDescription description, IReadOnlyList<string>? headModules = null)
    {
        ArgumentNullException.ThrowIfNull(description);
        AdaptedModel.RequirePossible(description.Config, description.Overrides);
        using var file = description.OpenTensors();
        return AdaptedModel.Inject(model, Contents(model, description, file.Tensors, headModules));
    }

    /// <summary>
    /// Whether an adapter changes the embedding or the output head as a whole or the head by a block, so that they can no longer be one
    /// matrix.
    /// </summary>
    /// <param name="description">The adapter.</param>
    /// <returns>True when it does.</returns>
    /// <exception cref="FileFormatException">The tensor file is missing or broken.</exception>
    public static bool NeedsOwnHead(AdapterDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        using var file = description.OpenTensors();
        return file.Tensors.Keys.Any(name =>
            name.StartsWith($"{description.Prefix}lm_head.", StringComparison.Ordinal)
            || name.EndsWith(".embed_tokens.weight", StringComparison.Ordinal));
    }

    /// <summary>What an adapter folder holds, from its configuration alone.</summary>
    /// <param name="folder">The adapter folder, or the file of a text-to-image LoRA as diffusers and kohya's scripts write it.</param>
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
            if (IsTensorFile(folder, PeftConfig.TensorFileName, PeftConfig.FileName))
            {
                return PeftFolder.Describe(Path.GetDirectoryName(folder)!);
            }

            if (IsTensorFile(folder, ResLoraFolder.TensorFileName, ResLoraFolder.ConfigFileName))
            {
                return ResLoraFolder.Describe(Path.GetDirectoryName(folder)!);
            }

            if (LoraFile.Find(folder) is { } file)
            {
                return LoraFile.Open(file).Describe();
            }

            throw new FileFormatException(
                $"{folder}: this is no adapter folder: there is neither {ResLoraFolder.ConfigFileName} nor {PeftConfig.FileName}, "
                + $"nor is it a LoRA file or does it hold {LoraFile.UsualName}. A run's adapters are in its best and last folders.");
        }

        return PeftFolder.Describe(folder);
    }

    /// <summary>Whether a path is the tensor file of an adapter folder, which says more than the file alone.</summary>
    private static bool IsTensorFile(string path, string name, string config) =>
        Path.GetFileName(path) == name && Path.GetDirectoryName(path) is { } folder && File.Exists(Path.Combine(folder, config));

    private static AdapterContents Contents(
        nn.Module model, AdapterDescription description, IReadOnlyDictionary<string, StoredTensor> stored,
        IReadOnlyList<string>? headModules)
    {
        var contents = description switch
        {
            { LoraFile: { } file } => LoraFileContents.Of(file, description.Config, stored, model),
            { Peft: not null } => PeftContents.Of(description, stored, model, headModules ?? []),
            _ => new AdapterContents(description.Config, name => description.Prefix + name)
            {
                CutFrom = description.CutFrom,
                SavedModules = description.ChosenFrom(headModules ?? []),
            },
        };
        return contents.Times(description.Strength);
    }
}
