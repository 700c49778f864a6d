using ResLora.Models.Memory;

namespace ResLora.Models.Clip;

/// <summary>What training keeps of a text encoder. Letters as in <see cref="EagerMemory"/>.</summary>
internal static class ClipTextMemory
{
    /// <summary>The account of a model. What is made of its hidden states, and the loss with it, is another network's.</summary>
    /// <param name="config">Its description.</param>
    /// <param name="terms">How it is trained.</param>
    public static MemoryAccount Of(ClipTextConfig config, TrainingTerms terms) => new()
    {
        Layers =
        [
            .. Enumerable.Range(0, config.LayerCount)
                .Select(i => Layer(config, terms.Width) with { Prefix = $"text_model.encoder.layers.{i}.", IsFirst = i == 0 }),
        ],
        // The last norm's input, mean and deviation.
        BehindLayers = ((long)config.HiddenSize * terms.Width) + (2 * EagerMemory.FloatBytes),
        Loss = _ => 0,
    };

    private static LayerAccount Layer(ClipTextConfig config, int width)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize;
        var layer = EagerMemory.EncoderLayer(
            hidden, inside, EagerMemory.Attention(hidden, config.HeadCount, config.AttentionDropout, width), dropout: 0, width,
            [
                new(hidden, "q_proj", "k_proj", "v_proj"),
                new(hidden, "out_proj") { IsKeptAnyway = config.AttentionDropout == 0 },
                new(hidden, "fc1"),
                new(inside, "fc2"),
            ]);

        // x σ(1.702 x) is written with two factors, and keeps both.
        return config.Activation == "quick_gelu" ? layer with { Kept = layer.Kept + (inside * width) } : layer;
    }
}
