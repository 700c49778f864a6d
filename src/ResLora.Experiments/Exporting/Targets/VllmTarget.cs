using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// A LoRA folder that vLLM, PEFT and llama.cpp's converter read alike: the scaling in B, one rank, no patterns. vLLM reads one
/// r and one lora_alpha and silently passes over patterns.
/// </summary>
internal sealed class VllmTarget : IExportTarget
{
    private const string Head = "lm_head";
    private const int DefaultMaxRank = 16;

    // What vLLM's --max-lora-rank takes (vllm/config/lora.py).
    private static readonly int[] _maxRanks = [8, 16, 32, 64, 128, 256, 320, 512];

    /// <inheritdoc />
    public string Name => "vllm";

    /// <inheritdoc />
    public bool NeedsAdapter => true;

    /// <inheritdoc />
    public IReadOnlyList<ExportType> Types { get; } = [ExportType.F32];

    /// <inheritdoc />
    public ExportType DefaultType(ScalarType stored) => ExportType.F32;

    /// <inheritdoc />
    public bool Holds(string moduleName) => moduleName != Head;

    /// <inheritdoc />
    public IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        if (source.BesidesLora.Count > 0)
        {
            throw new ConfigException(
                $"{source.Adapter!.Folder}: it has {string.Join(", ", source.BesidesLora)}, which vLLM has no place for beside a model; merge it into the model instead (--to hf) and serve that.");
        }

        var config = source.Adapter!.Config;
        var rank = Rank(source);
        var differ = source.Blocks.Any(block => block.MergedRank != rank);
        return
        [
            .. Features.Shortcuts(source),
            .. Features.LeftOut(source, this, "vLLM does not serve a LoRA on the output head of every model; the profile leaves it out"),
            new(
                "rank",
                differ ? FeatureState.Baked : FeatureState.Kept,
                Features.Text($"{rank}{(differ ? ", smaller blocks filled up with zeros" : "")}")),
            Serving(rank),
            new("scaling", FeatureState.Baked, "multiplied into B; lora_alpha equals r, so that every reader's factor is 1"),
            .. config.RankStabilized ? [new(
                "rank-stabilised scaling", FeatureState.Baked, "multiplied into B; use_rslora is off")] : Array.Empty<ExportFeature>(),
            .. config.Dropout > 0 ? [Features.Dropout(FeatureState.Baked)] : Array.Empty<ExportFeature>(),
            new("number type", FeatureState.Kept, "f32, as in the adapter; vLLM converts it to the base model's"),
            new("base model", FeatureState.Kept, $"named, not included: {source.BaseName}"),
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        AdapterStore.SavePeft(graph.Written, folder, graph.Source.StoredBaseName);
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        yield return new ExportedModel(
            PeftConfig.TensorFileName, ExportType.F32, PeftReadBack.Load(folder, source.ModelFolder, readsPatterns: false));
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        ArgumentNullException.ThrowIfNull(source);
        var rank = Rank(source);
        var flag = MaxRank(rank) is { } max && max > DefaultMaxRank ? $" --max-lora-rank {max}" : "";
        yield return $"vllm serve {source.BaseName} --enable-lora{flag} --lora-modules my-adapter={folder}";
    }

    private int Rank(ExportSource source) =>
        source.Blocks.Where(block => Holds(block.Module)).Select(block => block.MergedRank).DefaultIfEmpty(1).Max();

    /// <summary>The smallest value of --max-lora-rank that takes a rank; null when none does.</summary>
    private static int? MaxRank(int rank) => _maxRanks.Where(max => max >= rank).Select(max => (int?)max).FirstOrDefault();

    private static ExportFeature Serving(int rank) => MaxRank(rank) switch
    {
        null =>
            new(
                "rank that vLLM serves",
                FeatureState.Lost,
                $"{rank} is above {_maxRanks[^1]}, the most that it takes; merge into the model instead (--to hf)"),
        <= DefaultMaxRank => new("rank that vLLM serves", FeatureState.Kept, $"{rank} is within its default of {DefaultMaxRank}"),
        { } max =>
            new(
                "rank that vLLM serves",
                FeatureState.Kept,
                $"{rank} is above its default of {DefaultMaxRank}: serve with --max-lora-rank {max}"),
    };
}
