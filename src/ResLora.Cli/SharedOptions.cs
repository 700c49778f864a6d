using System.CommandLine;

namespace ResLora.Cli;

/// <summary>Options that several commands have, so that they read alike everywhere.</summary>
internal static class SharedOptions
{
    /// <summary><c>--set</c>.</summary>
    public static Option<string[]> Set() => new("--set")
    {
        Description = "Override a key of the file, such as adapter.rank=8; may be given several times.",
        HelpName = "KEY=VALUE",
    };

    /// <summary><c>--max-memory</c>.</summary>
    public static Option<string?> MaxMemory() => new("--max-memory")
    {
        Description = "The most memory that the run may take, such as 8GB: packing, smaller forward passes and checkpointing are chosen " +
            "to fit; the same as training.maxMemory.",
        HelpName = "SIZE",
    };

    /// <summary>The values of <c>--set</c> and <c>--max-memory</c> as assignments.</summary>
    public static IEnumerable<string> Assignments(string[]? set, string? maxMemory) =>
        maxMemory is null ? set ?? [] : [.. set ?? [], $"training.maxMemory={maxMemory}"];

    /// <summary><c>--jobs</c>.</summary>
    public static Option<int> Jobs() => new("--jobs")
    {
        Description = "Train so many runs at once, each in a process of its own with its share of the processors. On few cores one at a " +
            "time is faster.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    /// <summary><c>--resume</c>.</summary>
    public static Option<bool> Resume() =>
        new("--resume") { Description = "Go on with the run in this folder from its newest checkpoint." };

    /// <summary><c>--model</c>.</summary>
    public static Option<string?> Model() => new("--model")
    {
        Description = "The model: a folder with config.json, model.safetensors and tokenizer.json (or preprocessor_config.json for pictures), a .gguf file, or hub:org/name; by default the base model that the adapter names.",
        HelpName = "DIR",
    };

    /// <summary><c>--adapter</c>.</summary>
    public static Option<string?> Adapter() => new("--adapter")
    {
        Description = "An adapter folder, such as RUN/best, or hub:org/name; without it the model alone is used.",
        HelpName = "DIR",
    };

    /// <summary><c>--rank</c>.</summary>
    public static Option<int?> Rank() => new("--rank")
    {
        Description = "Cut an adapter of the method dylora to this rank, as plain LoRA; all of its rank by default.",
        HelpName = "N",
    };

    /// <summary><c>--chat-template</c>.</summary>
    public static Option<string?> ChatTemplate() => new("--chat-template")
    {
        Description = "Write prompts as conversations: auto where the model has a chat template, never, or the file of a template; " +
            "by default as in training.",
        HelpName = "WHICH",
    };

    /// <summary><c>--dtype</c>.</summary>
    public static Option<string> DataType() => new Option<string>("--dtype")
    {
        Description = "The type to compute in: float32, bfloat16, or auto for that of the files; of a pipeline, and on a processor " +
            "that is slow in theirs, float32.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary><c>--overwrite</c>.</summary>
    public static Option<bool> Overwrite() => new("--overwrite") { Description = "Replace the output folder if there is one." };
}
