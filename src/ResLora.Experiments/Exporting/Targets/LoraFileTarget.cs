using ResLora.Adapters;
using ResLora.Adapters.LoraFiles;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>One LoRA file of a text-to-image model: diffusers' names, or kohya's, which AUTOMATIC1111's web UI, ComfyUI and others
/// read.</summary>
/// <param name="format">Whose names it gets.</param>
internal sealed class LoraFileTarget(LoraFileFormat format) : IExportTarget
{
    private const string KohyaName = "lora.safetensors";

    /// <inheritdoc />
    public string Name => IsKohya ? "a1111" : "diffusers";

    /// <inheritdoc />
    public bool NeedsAdapter => true;

    /// <inheritdoc />
    public bool TakesTexts => false;

    /// <inheritdoc />
    public bool TakesPictureMakers => true;

    /// <inheritdoc />
    public IReadOnlyList<ExportType> Types { get; } = [ExportType.F32, ExportType.F16];

    private bool IsKohya => format == LoraFileFormat.Kohya;

    private string File => IsKohya ? KohyaName : AdapterStore.LoraFileName;

    /// <inheritdoc />
    public ExportType DefaultType(ScalarType stored) => ExportType.F32;

    /// <inheritdoc />
    public bool Holds(string moduleName) => true;

    /// <inheritdoc />
    public IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var config = source.Adapter!.Config;
        if (config.Kind is not { HasRank: true, HasMergedAdapter: true, BesidesLora: null })
        {
            throw new ConfigException(
                $"{source.Adapter.Folder}: {config.Kind.Title} has no place in a LoRA file for the target '{Name}'; export the merged model instead (--to hf).");
        }

        var ranks = source.Blocks.Select(block => block.MergedRank).Distinct().Order().ToArray();
        var texts = source.Blocks.Count(block => block.Module.StartsWith(PipelineParts.TextEncoder + ".", StringComparison.Ordinal));
        return
        [
            .. Features.Shortcuts(source),
            new(
                "rank",
                FeatureState.Kept,
                ranks.Length == 1 ? Features.Text($"{ranks[0]}") : Features.Text($"{ranks[0]} to {ranks[^1]}, each layer its own")),
            IsKohya
                ? new("scaling", FeatureState.Kept, "alpha / rank, with an alpha for each layer")
                : new("scaling", FeatureState.Baked, "in lora_B, so that alpha is the rank for readers without the header, too"),
            .. config.Dropout > 0 ? [Features.Dropout(FeatureState.Baked)] : Array.Empty<ExportFeature>(),
            new(
                "text encoder",
                FeatureState.Kept,
                texts == 0 ? "none of it was trained" : Features.Text($"{texts} layers, in the same file")),
            source.Type == ExportType.F32
                ? new("number type", FeatureState.Kept, "f32, as in the adapter")
                : new("number type", FeatureState.Baked, "f32 is rounded to f16, as asked; the proof measures it"),
            new("base model", FeatureState.Kept, $"not included: {source.BaseName}"),
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        AdapterStore.SaveLoraFile(graph.Written, Path.Combine(folder, File), format, graph.Source.Type.DataType());
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        yield return LoraFileReadBack.Load(Path.Combine(folder, File), source.ModelFolder, source.Type);
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        ArgumentNullException.ThrowIfNull(source);
        yield return IsKohya
            ? $"cp {folder}/{File} stable-diffusion-webui/models/Lora/my-lora.safetensors   # then <lora:my-lora:1> in the prompt"
            : $"pipe.load_lora_weights(\"{folder}\", weight_name=\"{File}\")   # in Python, pipe = StableDiffusionPipeline.from_pretrained(\"{source.BaseName}\")";
        yield return $"reslora imagine --model {source.ModelName} --adapter {folder}{(IsKohya ? $"/{File}" : "")} --prompt \"...\"";
    }
}
