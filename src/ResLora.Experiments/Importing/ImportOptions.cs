namespace ResLora.Experiments.Importing;

/// <summary>What is imported, and where to.</summary>
public sealed record ImportOptions
{
    /// <summary>
    /// The file: a model in GGUF (<c>.gguf</c>), or a checkpoint with a whole pipeline in the names of the original Stable Diffusion.
    /// </summary>
    public required string Checkpoint { get; init; }

    /// <summary>
    /// A pipeline folder in diffusers' layout whose configurations, tokenizer and scheduler are taken; its weights are not read. Needed for
    /// a pipeline; null for GGUF, which has all of its own.
    /// </summary>
    public string? Like { get; init; }

    /// <summary>The folder to write; it must not be there, or be empty, unless <see cref="Overwrite"/> is set.</summary>
    public required string Output { get; init; }

    /// <summary>Whether a folder that this tool wrote may be replaced. Default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether the averaged weights of the UNet are taken (<c>model_ema.</c>). Default false: the plain ones.</summary>
    public bool Averaged { get; init; }

    /// <summary>The type to store: float16, bfloat16, float32, or auto for each tensor's own. Default auto.</summary>
    public string DataType { get; init; } = "auto";
}
