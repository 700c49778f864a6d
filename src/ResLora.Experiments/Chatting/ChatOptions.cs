using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Chatting;

/// <summary>With whom a conversation is held, and how it answers.</summary>
public sealed record ChatOptions
{
    /// <summary>The model: a folder, or a GGUF file.</summary>
    public required string Model { get; init; }

    /// <summary>An adapter folder; null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>A file with a chat template in the place of the model's; null for the model's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>What the system says first; null for nothing.</summary>
    public string? System { get; init; }

    /// <summary>How tokens are chosen, and how many an answer has at most. Default: the likeliest, at most 512.</summary>
    public GenerationConfig Generation { get; init; } = new() { MaxNewTokens = 512 };

    /// <summary>The type to compute in: float32, bfloat16 or auto.</summary>
    public string DataType { get; init; } = "auto";

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var problem in ComputeTypeName.Problems("dtype", DataType).Concat(Generation.Problems()))
        {
            yield return problem;
        }

        if (ChatTemplate == "never")
        {
            yield return "chatTemplate is never; a conversation needs a chat template: auto for the model's, or a file";
        }
    }
}
