using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Training;

/// <summary>An embedding that is the output head, too, and carries a block: the block changes the embedding alone, as in PEFT.</summary>
public static class TiedEmbedding
{
    /// <summary>Gives the model a head of its own where a block changes the embedding that is its head; else does nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapted">The adapter that was put on it.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="ConfigException">The model cannot have a head of its own.</exception>
    public static AdaptedModel Part(Network model, AdaptedModel adapted)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        if (adapted.Blocks.FirstOrDefault(block => block.Site is EmbeddingSite && IsHead(block.ModuleName)) is not { } embedding)
        {
            return adapted;
        }

        switch (model)
        {
            case CausalLanguageModel { HasOwnHead: false } causal:
                causal.GiveOwnHead();
                Warnings.Add(
                    $"'{embedding.ModuleName}' is the output head, too, and its block changes the embedding alone, as in PEFT: the head is a matrix of its own from now on.");
                break;
            case EncoderModel { Head.Kind: ModelHeadKind.MaskedTokens }:
                throw new ConfigException($"'{embedding.ModuleName}' is the head for masked tokens, too, and a block would change the embedding alone; exclude it (adapter.exclude).");
        }

        return adapted;
    }

    /// <summary>Whether a module is the embedding that may be the output head, too.</summary>
    internal static bool IsHead(string module) =>
        module.EndsWith("embed_tokens", StringComparison.Ordinal) || module.EndsWith("word_embeddings", StringComparison.Ordinal);
}
