using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Text.Tokenization;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>A model folder in Hugging Face's layout, the adapter added to its weights.</summary>
internal sealed class HuggingFaceTarget : IExportTarget
{
    /// <inheritdoc />
    public string Name => "hf";

    /// <inheritdoc />
    public bool NeedsAdapter => false;

    /// <inheritdoc />
    public bool TakesEncoders => true;

    /// <inheritdoc />
    public bool TakesPictureMakers => true;

    /// <inheritdoc />
    public IReadOnlyList<ExportType> Types { get; } = [ExportType.F32, ExportType.F16, ExportType.BF16];

    /// <inheritdoc />
    public ExportType DefaultType(ScalarType stored) => ExportTypes.Of(stored);

    /// <inheritdoc />
    public bool Holds(string moduleName) => true;

    /// <inheritdoc />
    public IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var template = source.TextTokenizer?.ChatTemplate is null ? "" : ", chat template included";
        return
        [
            .. Features.AddedToWeights(source),
            .. Features.Weights(source),
            .. Features.Head(source),
            .. Features.ModelHead(source, "id2label in config.json"),
            source.MakesPictures ? new("other parts", FeatureState.Kept, "autoencoder, tokenizer and schedule as they are")
                : source.TextTokenizer is null
                ? new("preprocessor", FeatureState.Kept, "preprocessor_config.json as it is")
                : new("tokenizer", FeatureState.Kept, $"its files as they are{template}"),
            .. ModelFiles.Exists(Path.Combine(source.ModelFolder, "generation_config.json"))
                ? [new("generation settings", FeatureState.Kept, "generation_config.json as it is")]
                : Array.Empty<ExportFeature>(),
            .. source.Causal is { ShortestWindow: not null }
                ? [new("sliding window", FeatureState.Kept, "in config.json")]
                : Array.Empty<ExportFeature>(),
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var source = graph.Source;
        graph.WithMerged(
            model => ModelFolder.Write(model, source.ModelFolder, folder, source.Type.DataType(), maxShardBytes: source.MaxShardBytes));
        source.Prompt?.Write(folder);
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var tokenizer = source.TextTokenizer is null ? null : Tokenizer.Load(folder);
        yield return new ExportedModel("model", source.Type, ModelRegistry.Load(folder, ScalarType.Float32))
        {
            Replay = tokenizer is null ? null : prompt => new TokenReplay(source.Tokenizer.Encode(prompt), tokenizer.Encode(prompt)),
        };
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Head switch
        {
            null when source.MakesPictures => [$"reslora imagine --model {folder} --prompt \"...\"", $"StableDiffusionPipeline.from_pretrained(\"{folder}\")   # in Python"],
            null => [$"reslora generate --model {folder} --prompt {PromptText.ForShell(source)}", $"vllm serve {folder}"],
            { Kind: ModelHeadKind.MaskedTokens } =>
                [$"reslora train my.yaml --set model={folder}", $"pipeline(\"fill-mask\", \"{folder}\")   # in Python"],
            _ when source.TextTokenizer is null =>
                [$"reslora predict --model {folder} --data my-pictures", $"pipeline(\"image-classification\", \"{folder}\")   # in Python"],
            _ => [$"reslora predict --model {folder} --data my.csv", $"pipeline(\"text-classification\", \"{folder}\")   # in Python"],
        };
    }
}
