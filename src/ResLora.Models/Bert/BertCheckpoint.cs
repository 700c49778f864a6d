namespace ResLora.Models.Bert;

/// <summary>How the BERT family's checkpoints name their tensors.</summary>
internal static class BertCheckpoint
{
    // Of heads for other purposes, and second copies of the tied output matrix.
    private static readonly string[] _otherHeads =
        ["cls.", "lm_head.", "classifier.", "qa_outputs.", "pooler.", "discriminator_predictions."];

    // Not weights: positions in order.
    private static readonly string[] _buffers = ["embeddings.position_ids", "embeddings.token_type_ids"];

    /// <summary>The layout for a model.</summary>
    public static CheckpointLayout Of(BertModel model)
    {
        var prefix = model.Config.ModelType + ".";
        string[] heads = model.Head.Kind == ModelHeadKind.MaskedTokens
            ? [model.Config.IsRoberta ? "lm_head" : "cls"]
            : model.Config.IsRoberta ? ["classifier"] : ["classifier", "bert.pooler"];
        return new CheckpointLayout
        {
            Names = name => name == TokenBias(model.Config) ? [Decoder(model.Config) + ".bias", name] : Names(name, prefix),
            IsIgnored = name => IsIgnored(name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name),
            ReplaceableModules = heads,
            IsFloat32 = name => model.HeadModules.Any(module => name.StartsWith(module + ".", StringComparison.Ordinal)),
        };
    }

    /// <summary>The matrix of a head for masked tokens where it is no copy of the word embedding, or null.</summary>
    public static string? DifferentDecoder(BertModel model, string folder) => model.Head.Kind != ModelHeadKind.MaskedTokens
        ? null
        : TiedTensors.Different(
            folder,
            [Decoder(model.Config) + ".weight"],
            Names($"{model.Config.ModelType}.embeddings.word_embeddings.weight", model.Config.ModelType + "."));

    private static string Decoder(BertConfig config) => config.IsRoberta ? "lm_head.decoder" : "cls.predictions.decoder";

    /// <summary>Published classes compute with the decoder's bias; a file that has the head's alone ties them.</summary>
    private static string TokenBias(BertConfig config) => config.IsRoberta ? "lm_head.bias" : "cls.predictions.bias";

    /// <summary>Bare encoders are saved without the prefix, and the oldest files call gain and shift of norms gamma and beta.</summary>
    private static IEnumerable<string> Names(string name, string prefix)
    {
        string[] names = name.StartsWith(prefix, StringComparison.Ordinal) ? [name, name[prefix.Length..]] : [name];
        return names.Concat(names.Where(n => n.Contains("LayerNorm.", StringComparison.Ordinal)).Select(OldName));
    }

    private static string OldName(string name) => name
        .Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
        .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);

    private static bool IsIgnored(string name) =>
        _buffers.Contains(name) || _otherHeads.Any(head => name.StartsWith(head, StringComparison.Ordinal));
}
