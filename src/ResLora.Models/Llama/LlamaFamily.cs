using ResLora.Formats.Errors;

namespace ResLora.Models.Llama;

/// <summary>Llama and its kin: Mistral, Qwen2 and Qwen3.</summary>
internal static class LlamaFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new()
    {
        ModelTypes = ["llama", "mistral", "qwen2", "qwen3"],
        Build = Build,
        New = NewLlama.Of,
        IsInGguf = true,
    };

    private static LlamaModel Build(string folder, ModelHead? head) => head is null
        ? new LlamaModel(LlamaCheckpoint.Read(folder))
        : throw new ConfigException(
            $"{Path.Combine(folder, "config.json")}: this model continues texts and has no head for "
            + $"{(head.Kind == ModelHeadKind.MaskedTokens ? "masked tokens" : "labels or scores")}; take a BERT or a RoBERTa.");
}
