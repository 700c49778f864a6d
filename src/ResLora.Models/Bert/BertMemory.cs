using ResLora.Models.Memory;

namespace ResLora.Models.Bert;

/// <summary>What training keeps of a BERT. Letters as in <see cref="EagerMemory"/>.</summary>
internal static class BertMemory
{
    /// <summary>The account of a model.</summary>
    /// <param name="config">Its description.</param>
    /// <param name="terms">How it is trained.</param>
    public static MemoryAccount Of(BertConfig config, TrainingTerms terms) => new()
    {
        Layers = [.. Enumerable.Repeat(Layer(config, terms.Width), config.LayerCount)],
        Loss = EagerMemory.Loss(config.VocabularySize),
    };

    private static LayerAccount Layer(BertConfig config, int width) => EagerMemory.EncoderLayer(
        config.HiddenSize, config.IntermediateSize,
        EagerMemory.Attention(config.HiddenSize, config.HeadCount, config.AttentionDropout, width), config.HiddenDropout, width,
        [new(config.HiddenSize, "query", "key", "value"), new(config.IntermediateSize, "dense")]);
}
