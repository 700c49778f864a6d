using ResLora.Text.Tokenization;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Predicting;

/// <summary>Which texts a model says something about.</summary>
public sealed record PredictOptions
{
    private const int MostSamples = 65_536;

    /// <summary>The model folder.</summary>
    public required string Model { get; init; }

    /// <summary>The adapter folder, or null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>
    /// A JSONL, CSV, TSV or Parquet file; with <see cref="Task"/> also a data set's folder, of which the test split is read. Null for lines
    /// given by the caller.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>The task that says how the data is read; null reads the columns <c>text</c> and, when it is there, <c>text2</c>.</summary>
    public string? Task { get; init; }

    /// <summary>The names of the columns: <c>text</c> and <c>text2</c>, or those of the task, to the file's.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>A folder for the file that GLUE's server takes, or null; needs one of GLUE's tasks.</summary>
    public string? Submission { get; init; }

    /// <summary>Samples in one forward pass. Default 16.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The longest text in tokens; longer ones are cut. Default 512.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Which text of a pair is cut. Default longest_first.</summary>
    public Truncation Truncation { get; init; }

    /// <summary>float32, bfloat16, or auto for the type of the files. Default auto.</summary>
    public string DataType { get; init; } = "auto";

    /// <summary>The processes that predict together, each of which runs the job; number 0 writes. Default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>What predictions depend on, beside files.</summary>
    internal object Terms() => new { Task, Columns, BatchSize, MaxLength, Truncation, DataType };

    /// <summary>What is read, by what it is.</summary>
    internal IEnumerable<(string Name, string? Path)> Files() => [("model", Model), ("adapter", Adapter), ("data", Data)];

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { ("batch-size", BatchSize), ("max-length", MaxLength - 1) })
        {
            if (value < 1)
            {
                yield return name == "batch-size"
                    ? $"batch-size is {value}; it must be 1 or more"
                    : $"max-length is {MaxLength}; it must be 2 or more";
            }
        }

        if (BatchSize > MostSamples)
        {
            yield return $"batch-size is {BatchSize}; it must be {MostSamples} or less";
        }

        foreach (var problem in ComputeTypeName.Problems("dtype", DataType))
        {
            yield return problem;
        }

        if (Submission is not null && (Task is null || Data is null))
        {
            yield return "submission needs data and a task of GLUE's, which says what the file is called";
        }
    }
}
