using ResLora.Experiments.Workloads.Generation;
using ResLora.Training.Distributed;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Generating;

/// <summary>Which prompts a model continues, and how.</summary>
public sealed record GenerateOptions
{
    /// <summary>The model: a folder, or a GGUF file.</summary>
    public required string Model { get; init; }

    /// <summary>The adapter folder, or null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>
    /// The prompts: a JSONL, JSON, CSV, TSV or Parquet file, or a .txt file with a prompt a line. Null for lines given by the caller.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>The names of the columns <c>prompt</c>, <c>messages</c>, <c>system</c> and <c>tools</c> to the file's.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whether a prompt is a user's turn, and its continuation the assistant's, written with a chat template. Default false.
    /// </summary>
    public bool Chat { get; init; }

    /// <summary>What the system says first in each conversation; null for nothing.</summary>
    public string? System { get; init; }

    /// <summary>A file with a chat template; null for that of training, or the model's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>
    /// How tokens are chosen, and how many there are at most. Each prompt draws with a seed of its own: the first one with this seed, each
    /// further one with the next. Default: the likeliest, at most 128.
    /// </summary>
    public GenerationConfig Generation { get; init; } = new();

    /// <summary>float32, bfloat16, or auto for the type of the files. Default auto.</summary>
    public string DataType { get; init; } = "auto";

    /// <summary>The processes that generate together, each of which runs the job; number 0 writes. Default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>What texts depend on, beside files.</summary>
    internal object Terms() => new
    {
        Columns,
        Chat,
        System,
        ChatTemplate,
        DataType,
        Generation.MaxNewTokens,
        Generation.Temperature,
        Generation.TopP,
        Generation.Seed,
        Generation.UseCache,
    };

    /// <summary>What is read, by what it is.</summary>
    internal IEnumerable<(string Name, string? Path)> Files() =>
        [("model", Model), ("adapter", Adapter), ("data", Data), ("chat template", ChatChoice.FileOf(ChatTemplate))];

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var problem in ComputeTypeName.Problems("dtype", DataType).Concat(Generation.Problems()))
        {
            yield return problem;
        }

        if (!Chat && (System is not null || ChatTemplate is not null))
        {
            yield return "system and chat-template are for conversations; add chat";
        }

        if (Chat && ChatTemplate == "never")
        {
            yield return "chat-template is never; a conversation needs a chat template: auto for the model's, or a file";
        }
    }
}
