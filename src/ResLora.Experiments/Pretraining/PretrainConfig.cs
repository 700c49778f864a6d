using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Formats;
using ResLora.Images.Augmentation;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Pretraining;

/// <summary>A small model made from nothing but texts: what <c>reslora pretrain</c> reads.</summary>
public sealed record PretrainConfig : ICheckedConfig
{
    internal const string UsualColumn = "text";
    internal const int UsualValidationCount = 200;

    /// <summary>
    /// The texts: a JSONL, JSON, CSV, TSV or Parquet file, a document a row; or a <c>.txt</c> or <c>.md</c> file, or a folder of such.
    /// Needed but with both <see cref="InitOnly"/> and <c>tokenizer.from</c>.
    /// </summary>
    [ConfigPath(PlaceKind.Data)]
    public string? Texts { get; init; }

    /// <summary>
    /// For <c>image-classification</c>, the labelled pictures: a folder with one folder a class, a folder with metadata.jsonl, .csv or
    /// .parquet, or a table with paths or bytes.
    /// </summary>
    [ConfigPath]
    public string? Pictures { get; init; }

    /// <summary>Of pictures: the data's names of the columns <c>image</c> and <c>label</c>, such as <c>label: category</c>.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>How pictures are changed at random in training. Default: not at all.</summary>
    public AugmentConfig? Augment { get; init; }

    /// <summary>The column that holds the text. Default text.</summary>
    public string Column { get; init; } = UsualColumn;

    /// <summary>How many documents are read from the start of the file. Default: all.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// How many documents are held out to measure the loss on, 0 for none. Default: a tenth of them, at least 1 and at most 200.
    /// </summary>
    public int? ValidationCount { get; init; }

    /// <summary>The seed that draws the documents held out; <c>training.seed</c> does not. Default 0.</summary>
    public long SplitSeed { get; init; }

    /// <summary>
    /// What the model learns: <c>causal</c> makes a Llama that continues texts, <c>mlm</c> a RoBERTa to be fine-tuned on labels,
    /// <c>image-classification</c> a ViT that labels pictures. Default causal.
    /// </summary>
    public PretrainObjective Objective { get; init; }

    /// <summary>
    /// For <c>mlm</c>, the share of tokens to predict in each row, above 0 and up to 0.9. Default 0.15, as for BERT and RoBERTa; small
    /// models on few texts learn sooner from 0.3 to 0.4.
    /// </summary>
    public double PredictedShare { get; init; } = MaskedTokenObjective.UsualShare;

    /// <summary>The tokenizer.</summary>
    public NewTokenizerConfig Tokenizer { get; init; } = new();

    /// <summary>The model.</summary>
    public NewModelConfig Model { get; init; } = new();

    /// <summary>
    /// How to train; <c>maxLength</c> is the length of the rows that documents are packed into, <c>seed</c> also draws the initial weights.
    /// </summary>
    public TrainConfig Training { get; init; } = new();

    /// <summary>
    /// Whether the model is only written, with random weights and without training. Weights are drawn one tensor at a time, so that the
    /// model may be larger than memory. Default false.
    /// </summary>
    public bool InitOnly { get; init; }

    /// <summary>
    /// The type of the saved weights: <c>bfloat16</c>, <c>float16</c> or <c>float32</c>. Default bfloat16. Training is in float32.
    /// </summary>
    public string SaveAs { get; init; } = "bfloat16";

    /// <summary>The most bytes of weights in one file, such as <c>2GB</c>; more are cut into shards. Default 5GB.</summary>
    public string MaxShardSize { get; init; } = "5GB";

    /// <summary>The model folder to write.</summary>
    [ConfigPath]
    public required string Output { get; init; }

    /// <summary>The folder of the run: metrics, checkpoints, best and last. Default: the output with <c>-run</c> after it.</summary>
    [ConfigPath]
    public string? Run { get; init; }

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        foreach (var problem in Training.Problems())
        {
            yield return $"training.{problem}";
        }

        foreach (var problem in Augment?.Problems() ?? [])
        {
            yield return $"augment.{problem}";
        }

        if (!(PredictedShare is > 0 and <= 0.9))
        {
            yield return $"predictedShare is {PredictedShare}; it must be above 0 and at most 0.9";
        }

        if (Training.DataType == "bfloat16")
        {
            yield return $"training.dataType is '{Training.DataType}'; all weights are trained, which needs float32 (saveAs chooses the type of the files)";
        }

        if (Training.MaxMemory is not null)
        {
            yield return "training.maxMemory is given; only train chooses its batches by it, so leave it out";
        }

        if (Objective != PretrainObjective.Pictures && Training.MaxLength > Model.MaxLength)
        {
            yield return $"training.maxLength is {Training.MaxLength}; rows cannot be longer than model.maxLength ({Model.MaxLength})";
        }

        if (Objective == PretrainObjective.MaskedTokens && Model.KeyValueHeads is not null)
        {
            yield return "model.keyValueHeads is given; a RoBERTa (objective mlm) has as many as query heads";
        }

        if (Objective == PretrainObjective.MaskedTokens && !Model.TieEmbeddings)
        {
            yield return "model.tieEmbeddings is false; the head of a RoBERTa (objective mlm) is its word embedding";
        }

        if (SaveAs is not ("bfloat16" or "float16" or "float32"))
        {
            yield return $"saveAs is '{SaveAs}'; it must be bfloat16, float16 or float32";
        }

        if (ByteSize.TryParse(MaxShardSize) is null)
        {
            yield return $"maxShardSize {ByteSize.Problem(MaxShardSize)}";
        }

        if (Objective == PretrainObjective.Pictures)
        {
            if (Pictures is null)
            {
                yield return "pictures is missing; objective image-classification learns from them";
            }

            if (Texts is not null)
            {
                yield return "texts is given; objective image-classification learns from pictures";
            }
        }
        else if (Augment is not null)
        {
            yield return "augment is given; only pictures are changed (objective image-classification)";
        }
        else if (Pictures is not null)
        {
            yield return "pictures is given; only objective image-classification learns from them";
        }
        else if (Texts is null && !(InitOnly && Tokenizer.From is not null))
        {
            yield return "texts is missing; only a model that is not trained (initOnly) and takes its tokenizer from a folder (tokenizer.from) needs none";
        }

        if (Limit is < 1)
        {
            yield return $"limit is {Limit}; it must be 1 or more, or null for all documents";
        }

        if (ValidationCount < 0)
        {
            yield return $"validationCount is {ValidationCount}; it must be 0 or more";
        }
    }
}
