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

    private static LayerAccount Layer(BertConfig config, int width)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize;
        var (attention, pairs) = EagerMemory.Attention(hidden, config.HeadCount, config.AttentionDropout, width);
        // Each norm keeps its input, mean and deviation; dropout before it keeps its factors. The activation keeps its input.
        var norms = 2 * (((config.HiddenDropout > 0 ? 2 : 1) * hidden * width) + (2 * EagerMemory.FloatBytes));
        var activation = inside * width;
        return new LayerAccount(
            hidden * width, attention + norms + activation, pairs, ((2 * inside) + (2 * hidden)) * width,
            [new(hidden, "query", "key", "value"), new(inside, "dense")]);
    }
}
