using ResLora.Experiments.Workloads.Generation;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Evaluating;

/// <summary>What is evaluated on what.</summary>
public sealed record EvaluateOptions
{
    private const int MostSamples = 65_536;
    private const int MostTokens = 16_777_216;

    /// <summary>The model folder.</summary>
    public required string Model { get; init; }

    /// <summary>The adapter folder, or null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>The rank that the adapter is cut to; null for all of it. Only an adapter that was trained for several ranks can be
    /// cut.</summary>
    public int? Rank { get; init; }

    /// <summary>The task's name.</summary>
    public required string Task { get; init; }

    /// <summary>A file, or the data set's own folder, of which <see cref="Split"/> is read.</summary>
    public required string Data { get; init; }

    /// <summary>The part of a data set's folder that is read. Default the test split, which GLUE keeps the labels of to itself.</summary>
    public TaskSplit Split { get; init; } = TaskSplit.Test;

    /// <summary>The task's name of a column to the file's name of it.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>How many samples are read from the start of the data; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Samples in one forward pass. Default 16.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The most tokens that are generated for an answer. Default 128.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>
    /// The longest sample in tokens for the loss; longer ones are left out of it, texts without a prompt are cut into windows. Default
    /// 2048.
    /// </summary>
    public int MaxLength { get; init; } = 2048;

    /// <summary>
    /// Whether prompts are written with a chat template: auto where the model has one, never, or the file of one. Null does what training
    /// did, and auto where that is not known.
    /// </summary>
    public string? ChatTemplate { get; init; }

    /// <summary>
    /// A regular expression whose first group is the answer, in what is generated as in what is right; the last match counts. Null for the
    /// task's own way.
    /// </summary>
    public string? AnswerPattern { get; init; }

    /// <summary>float32, bfloat16, or auto for the type of the files. Default auto.</summary>
    public string DataType { get; init; } = "auto";

    /// <summary>A JSONL file for every prediction, or null.</summary>
    public string? PredictionsFile { get; init; }

    /// <summary>A PNG file for the confusion matrix and the pictures of the worst mistakes, or null. For tasks with labels only.</summary>
    public string? MistakesFile { get; init; }

    /// <summary>The processes that measure together, each of which runs the job; number 0 writes. Default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>What the measurements depend on, beside files.</summary>
    internal object Terms() =>
        new { Task, Split, Columns, Limit, BatchSize, MaxNewTokens, MaxLength, ChatTemplate, AnswerPattern, DataType, Rank };

    /// <summary>What is read, by what it is.</summary>
    internal IEnumerable<(string Name, string? Path)> Files() =>
        [("model", Model), ("adapter", Adapter), ("data", Data), ("chat template", ChatChoice.FileOf(ChatTemplate))];

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { ("limit", Limit ?? 1), ("batch-size", BatchSize), ("max-new-tokens", MaxNewTokens), ("max-length", MaxLength) })
        {
            if (value < 1)
            {
                yield return $"{name} is {value}; it must be 1 or more";
            }
        }

        foreach (var (name, value, most) in new[] { ("batch-size", BatchSize, MostSamples), ("max-new-tokens", MaxNewTokens, MostTokens), ("max-length", MaxLength, MostTokens) })
        {
            if (value > most)
            {
                yield return $"{name} is {value}; it must be {most} or less";
            }
        }

        if (Rank is not null && Adapter is null)
        {
            yield return "a rank is that of an adapter; give the adapter, or leave the rank out";
        }

        if (AnswerPattern is { } pattern && PatternTask.Problem(pattern) is { } fault)
        {
            yield return fault;
        }

        if (MistakesFile is { } mistakes && !mistakes.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            yield return $"mistakes is '{mistakes}'; a PNG is written, so its name must end with .png";
        }

        foreach (var problem in ComputeTypeName.Problems("dtype", DataType))
        {
            yield return problem;
        }
    }
}
