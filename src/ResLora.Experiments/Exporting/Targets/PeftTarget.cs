using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>A LoRA folder for the PEFT library, as PEFT itself would write it: ranks and alphas of single modules as patterns.</summary>
internal sealed class PeftTarget : IExportTarget
{
    private const string UNetPrefix = PipelineParts.UNet + ".";

    /// <inheritdoc />
    public string Name => "peft";

    /// <inheritdoc />
    public bool NeedsAdapter => true;

    /// <inheritdoc />
    public bool TakesEncoders => true;

    /// <inheritdoc />
    public bool TakesPictureMakers => true;

    /// <inheritdoc />
    public IReadOnlyList<ExportType> Types { get; } = [ExportType.F32];

    /// <inheritdoc />
    public ExportType DefaultType(ScalarType stored) => ExportType.F32;

    /// <inheritdoc />
    public bool Holds(string moduleName) => true;

    /// <inheritdoc />
    public IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        var config = source.Adapter!.Config;
        if (!config.Kind.HasMergedAdapter && !IsPlain(source))
        {
            throw new ConfigException(
                $"{source.Adapter.Folder}: {config.Kind.Title} with a shortcut fits into no adapter of PEFT's, "
                + "since what merging makes of it has no low rank; export the merged model instead (--to hf).");
        }

        if (source.MakesPictures && source.Blocks.Any(block => !block.Module.StartsWith(UNetPrefix, StringComparison.Ordinal)))
        {
            throw new ConfigException(
                $"{source.Adapter.Folder}: it has blocks on the text encoder, and an adapter folder of PEFT's "
                + "is for one network, the UNet; export it to diffusers or a1111.");
        }

        return
        [
            .. Features.Shortcuts(source),
            .. config.Kind.HasRank ? [.. Rank(source), .. Scaling(source, config)] : Array.Empty<ExportFeature>(),
            .. config.Dropout > 0
                ? [Features.Dropout(IsPlain(source) ? FeatureState.Kept : FeatureState.Baked)]
                : Array.Empty<ExportFeature>(),
            .. SavedModules(source),
            .. Features.ModelHead(source, $"{ModelHeadFile.FileName}; PEFT has no place for them"),
            new("number type", FeatureState.Kept, "f32, as in the adapter"),
            new("base model", FeatureState.Kept, $"named, not included: {source.BaseName}"),
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (IsPlain(graph.Source))
        {
            AdapterStore.Save(graph.Session.Adapter!, folder, graph.Source.StoredBaseName);
        }
        else
        {
            AdapterStore.SavePeftUnpadded(graph.Written, folder, graph.Source.StoredBaseName);
        }

        if (graph.Source.Head is { Kind: not ModelHeadKind.MaskedTokens } head)
        {
            ModelHeadFile.Write(folder, head);
        }
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        yield return new ExportedModel(
            PeftConfig.TensorFileName, ExportType.F32, PeftReadBack.Load(folder, source.ModelFolder, readsPatterns: true));
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        ArgumentNullException.ThrowIfNull(source);
        var (loader, command) = source.Head switch
        {
            null when source.MakesPictures =>
                ($"UNet2DConditionModel.from_pretrained(\"{source.BaseName}\", subfolder=\"unet\")", "imagine --prompt \"...\""),
            null => ($"AutoModelForCausalLM.from_pretrained(\"{source.BaseName}\")", "generate --prompt \"...\""),
            { Kind: ModelHeadKind.MaskedTokens } => ($"AutoModelForMaskedLM.from_pretrained(\"{source.BaseName}\")", null),
            { Outputs: var outputs } when source.TextTokenizer is null =>
                ($"AutoModelForImageClassification.from_pretrained(\"{source.BaseName}\", num_labels={outputs}, "
                    + "ignore_mismatched_sizes=True)",
                    "predict --data my-pictures"),
            { Outputs: var outputs } =>
                ($"AutoModelForSequenceClassification.from_pretrained(\"{source.BaseName}\", num_labels={outputs})",
                    "predict --data my.csv"),
        };
        yield return $"PeftModel.from_pretrained({loader}, \"{folder}\")   # in Python";
        if (command is not null)
        {
            yield return $"reslora {command} --model {source.ModelName} --adapter {folder}";
        }
    }

    /// <summary>What PEFT knows is written as it is; shortcuts are merged first, as are methods of which a part is plain LoRA.</summary>
    private static bool IsPlain(ExportSource source) =>
        source.Adapter!.Config is { Shortcut.Kind: ShortcutKind.None, Kind.PeftType: not null };

    private static IEnumerable<ExportFeature> SavedModules(ExportSource source)
    {
        if (source.Head is not null && source.SavedModules.Count > 0)
        {
            yield return new ExportFeature(
                "trained head", FeatureState.Kept, $"whole, as modules_to_save: {string.Join(", ", source.SavedModules)}");
        }

        if (source.BesidesLora.Count > 0)
        {
            yield return new ExportFeature("besides LoRA", FeatureState.Kept, string.Join(", ", source.BesidesLora));
        }
    }

    private static IEnumerable<ExportFeature> Rank(ExportSource source)
    {
        var ranks = source.Blocks.Select(block => block.MergedRank).Distinct().Order().ToArray();
        yield return new(
            "rank",
            FeatureState.Kept,
            ranks.Length == 1
                ? Features.Text($"{ranks[0]}")
                : Features.Text($"{ranks[0]} to {ranks[^1]}, with a rank_pattern for the layers that differ"));
    }

    private static IEnumerable<ExportFeature> Scaling(ExportSource source, AdapterConfig config)
    {
        var scalings = source.Blocks.Select(block => block.Scaling).Distinct().Count();
        var patterns = scalings > 1 || source.Blocks.Select(block => block.MergedRank).Distinct().Count() > 1;
        yield return new ExportFeature(
            "scaling",
            FeatureState.Kept,
            (IsPlain(source) ? config.Kind : AdapterMethods.Lora).PeftScaling
                + (patterns ? ", with an alpha_pattern where it needs one" : ""));
        if (config.RankStabilized)
        {
            yield return IsPlain(source)
                ? new ExportFeature("rank-stabilised scaling", FeatureState.Kept, "use_rslora")
                : new ExportFeature("rank-stabilised scaling", FeatureState.Baked, "in lora_alpha; use_rslora is off");
        }
    }
}
