namespace ResLora.Hub.Choosing;

/// <summary>The names of files that are read here.</summary>
internal static class FileNames
{
    /// <summary>The configuration of a model.</summary>
    public const string Config = "config.json";

    /// <summary>The configuration of an adapter in PEFT's format.</summary>
    public const string PeftConfig = Formats.Peft.PeftConfig.FileName;

    /// <summary>The configuration of an adapter in reslora's format.</summary>
    public const string AdapterConfig = "reslora_config.json";

    /// <summary>What makes a folder a pipeline, and names its parts.</summary>
    public const string PipelineIndex = "model_index.json";

    /// <summary>How the name of the list of a checkpoint's files ends.</summary>
    public const string IndexEnd = ".index.json";

    /// <summary>How the names of weights end.</summary>
    public const string Safetensors = ".safetensors";

    /// <summary>How the names of GGUF files end.</summary>
    public const string Gguf = ".gguf";

    /// <summary>The folder of a model's further chat templates.</summary>
    public const string FurtherTemplates = "additional_chat_templates/";

    /// <summary>The names, without their ends, of weights in safetensors: of models, and of diffusers' own parts.</summary>
    public static IReadOnlyList<string> Weights { get; } = ["model", "diffusion_pytorch_model"];

    /// <summary>The tensors of adapters: PEFT's, reslora's, diffusers'.</summary>
    public static IReadOnlyList<string> AdapterTensors { get; } =
        ["adapter_model.safetensors", "adapter.safetensors", "pytorch_lora_weights.safetensors"];

    /// <summary>All small files that are read of a model, an adapter or a part of a pipeline.</summary>
    public static IReadOnlyList<string> Small { get; } =
    [
        Config, "generation_config.json", "preprocessor_config.json", "scheduler_config.json", PeftConfig, AdapterConfig,
        "reslora_head.json", "reslora_prompt.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>How the names of weights end that are pickles, or may be.</summary>
    public static IReadOnlyList<string> Pickles { get; } = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];

    /// <summary>How the names of data files end.</summary>
    public static IReadOnlyList<string> Data { get; } = [".parquet", ".jsonl", ".json", ".csv", ".tsv"];
}
