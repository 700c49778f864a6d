using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>What is exported, known from configurations and headers alone: no weight is read.</summary>
public sealed record ExportSource
{
    private ExportSource()
    {
    }

    /// <summary>The model's folder.</summary>
    public required string ModelFolder { get; init; }

    /// <summary>The adapter, or null for the model alone.</summary>
    public required AdapterDescription? Adapter { get; init; }

    /// <summary>The rank that the adapter is cut to, or null.</summary>
    public required int? Rank { get; init; }

    /// <summary>The adapter's blocks; empty for the model alone.</summary>
    public required IReadOnlyList<ExportBlock> Blocks { get; init; }

    /// <summary>How shortcuts are merged; exact where there are none.</summary>
    public required MergeMethod Method { get; init; }

    /// <summary>What is known of a model that continues texts, with its adapter; null for others.</summary>
    public required CausalTraits? Causal { get; init; }

    /// <summary>What an encoder predicts, with its adapter; null for a model that continues texts.</summary>
    public required ModelHead? Head { get; init; }

    /// <summary>Whether the model makes pictures from texts.</summary>
    public required bool MakesPictures { get; init; }

    /// <summary>The dotted names of the modules that the adapter brings whole, such as those of an encoder's head.</summary>
    public required IReadOnlyList<string> SavedModules { get; init; }

    /// <summary>What of the adapter a plain LoRA has no place for, a phrase each.</summary>
    public required IReadOnlyList<string> BesidesLora { get; init; }

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="ConfigException">It reads no text.</exception>
    public Tokenizer Tokenizer =>
        TextTokenizer ?? throw new ConfigException($"{ModelFolder}: this model reads no text; export it to another target.");

    /// <summary>As <see cref="Tokenizer"/>; null for a network that reads no text.</summary>
    public required Tokenizer? TextTokenizer { get; init; }

    /// <summary>How training wrote its prompts; null when that is not known.</summary>
    internal TrainedPrompt? Prompt { get; init; }

    /// <summary>The dtype of most of the model's numbers.</summary>
    public required ScalarType StoredType { get; init; }

    /// <summary>The other dtypes that tensors of the model are stored in.</summary>
    public required IReadOnlyList<ScalarType> OtherTypes { get; init; }

    /// <summary>How the export stores weights.</summary>
    public required ExportType Type { get; init; }

    /// <summary>Whether the user asked for <see cref="Type"/>.</summary>
    public required bool TypeWasAsked { get; init; }

    /// <summary>The most bytes of tensors in a safetensors file of a model.</summary>
    public required long MaxShardBytes { get; init; }

    /// <summary>About how large the export gets, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Whether merging loses nothing but rounding.</summary>
    public bool IsExact => MergedSize.IsExact(Method);

    /// <summary>The model as commands here name it: on a hub with its commit, else its folder.</summary>
    public string ModelName => HubPlaces.Name(ModelFolder);

    /// <summary>The base model as an adapter's files name it: the adapter's own name for it, else its name on a hub or its folder.</summary>
    public string StoredBaseName => HubPlaces.Name(Adapter?.BaseModel ?? ModelFolder);

    /// <summary>The base model as other tools are told of it, on a hub without the commit.</summary>
    public string BaseName => HubReference.Is(StoredBaseName) ? HubReference.Parse(StoredBaseName).Repository : StoredBaseName;

    /// <summary>Opens what the options name.</summary>
    /// <param name="options">The options.</param>
    /// <param name="target">The target.</param>
    /// <returns>The source.</returns>
    /// <exception cref="ResLoraException">Something is missing, broken, not supported, or does not fit the target.</exception>
    public static ExportSource Open(ExportOptions options, IExportTarget target)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(target);
        var adapter = options.Adapter is { } folder ? AdapterStore.Describe(folder).CutTo(options.Rank) : null;
        if (adapter is null && options.Rank is not null)
        {
            throw new ConfigException("A rank is that of an adapter; give the adapter (--adapter), or leave the rank out.");
        }

        if (adapter is null && target.NeedsAdapter)
        {
            throw new ConfigException(
                $"The target '{target.Name}' is an adapter; give one (--adapter), or take another target for the model alone.");
        }

        var modelFolder = adapter is not null
            ? BaseModelFolder.Of(options.Model, adapter)
            : options.Model ?? throw new ConfigException(
                "There is nothing to export; give a model (--model), an adapter (--adapter) or both.");
        var method = ExportMerge.Choose(adapter, options.Method);
        var entries = CheckpointReader.ReadHeader(modelFolder).Entries.Values.ToArray();
        var (stored, others) = StoredTypes(entries);
        var type = options.Type ?? target.DefaultType(stored);
        if (!target.Types.Contains(type))
        {
            throw new ConfigException(
                $"The target '{target.Name}' stores {string.Join(" or ", target.Types.Select(t => t.Name()))}, not {type.Name()}.");
        }

        using var model = ModelRegistry.Plan(modelFolder, ModelSession.HeadOf(adapter));
        var makesPictures = model is TextToImageModel;
        if (makesPictures ? !target.TakesPictureMakers : !target.TakesTexts)
        {
            var takers = ExportTargets.All.Where(t => makesPictures ? t.TakesPictureMakers : t.TakesTexts).Select(t => t.Name);
            throw new ConfigException(
                $"{modelFolder}: this model makes {(makesPictures ? "" : "no ")}pictures from texts, and the target '{target.Name}' takes {(makesPictures ? "none" : "only")} such models; export it to {string.Join(" or ", takers)}.");
        }

        if (!makesPictures && model is not CausalLanguageModel && !target.TakesEncoders)
        {
            var takers = ExportTargets.All.Where(t => t.TakesEncoders).Select(t => t.Name);
            throw new ConfigException($"{modelFolder}: this model {(model is EncoderModel ? "is an encoder" : "continues no texts")}, and the target '{target.Name}' takes models that continue texts; export it to {string.Join(" or ", takers)}.");
        }

        var wasTied = model is CausalLanguageModel { HasOwnHead: false };
        var adapted = adapter is null ? null : SavedAdapter.Place(model, adapter);
        var adapterBytes = adapted?.Blocks.Sum(b => MergedSize.Bytes(b, method, adapter!.ShortcutWeight)) ?? 0;
        return new ExportSource
        {
            ModelFolder = modelFolder,
            Adapter = adapter,
            Rank = options.Rank,
            Blocks = [.. adapted?.Blocks.Select(b =>
                new ExportBlock(
                    b.ModuleName, b.Config.Rank, b.Config.Scaling, MergedSize.Rank(b, method, adapter!.ShortcutWeight))) ?? []],
            Method = method,
            Causal = CausalTraits.Of(model),
            Head = model.Head,
            MakesPictures = makesPictures,
            SavedModules = adapted?.SavedModules ?? [],
            BesidesLora =
            [
                .. adapted?.BesidesLora ?? [],
                .. wasTied && model is CausalLanguageModel { HasOwnHead: true }
                    ? ["an output head of its own, where the base model's is its embedding"]
                    : Array.Empty<string>(),
            ],
            TextTokenizer = model is LanguageModel ? Tokenizer.Load(modelFolder) : null,
            Prompt = TrainedPrompt.Read(options.Adapter ?? modelFolder),
            StoredType = stored,
            OtherTypes = others,
            Type = type,
            TypeWasAsked = options.Type is not null,
            MaxShardBytes = options.MaxShardBytes,
            Bytes = adapterBytes + (target.NeedsAdapter ? 0 : (long)(entries.Sum(entry => entry.Count) * type.BytesOfNumber())),
        };
    }

    private static (ScalarType Most, IReadOnlyList<ScalarType> Others) StoredTypes(SafetensorsEntry[] entries)
    {
        var most = SafetensorsEntry.MainType(entries)!.Value;
        return (
            most,
            [.. entries.Select(entry => entry.DataType).Distinct().Where(
                type => type != most && type is not (ScalarType.Int64 or ScalarType.Int32))]);
    }
}
