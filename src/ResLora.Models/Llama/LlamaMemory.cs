using ResLora.Models.Fused;
using ResLora.Models.Memory;

namespace ResLora.Models.Llama;

/// <summary>
/// What training keeps of a Llama: of its operations as they are written, or of the kernels in <c>ResLora.Models.Fused</c> where these
/// hold. Letters as in <see cref="EagerMemory"/>.
/// </summary>
internal static class LlamaMemory
{
    private const int FusedWidth = 2;

    /// <summary>The account of a model.</summary>
    /// <param name="config">Its description.</param>
    /// <param name="terms">How it is trained.</param>
    public static MemoryAccount Of(LlamaConfig config, TrainingTerms terms)
    {
        var isFused = terms is { FusedKernels: true, TrainsBase: false, Width: FusedWidth } && config.AttentionDropout == 0
            && FusedKernels.IsSupported;
        return new MemoryAccount
        {
            Layers = [.. Enumerable.Repeat(isFused ? Fused(config) : Eager(config, terms), config.LayerCount)],
            BehindLayers = isFused ? FusedNorm(config.HiddenSize) : EagerNorm(config.HiddenSize, terms.TrainsBase),
            Loss = isFused ? targets => FusedLoss(targets, config) : EagerMemory.Loss(config.VocabularySize),
        };
    }

    private static LayerAccount Eager(LlamaConfig config, TrainingTerms terms)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize, head = config.HeadSize, width = terms.Width;
        long queries = config.HeadCount * head, keys = config.KeyValueHeadCount * head;
        var norms = 2 * EagerNorm(hidden, terms.TrainsBase)
            + (config.HeadNorm ? EagerNorm(queries, terms.TrainsBase) + EagerNorm(keys, terms.TrainsBase) : 0);
        var (attention, pairs) = EagerMemory.Attention(queries, config.HeadCount, config.AttentionDropout, terms.Width);
        // silu keeps its input, the product both factors: gate(x), silu(gate(x)) and up(x).
        var mlp = 3 * inside * width;
        return new LayerAccount(hidden * width, norms + attention + mlp, pairs, Passing(config) * width, Inputs(config, isMixedKept: true));
    }

    private static LayerAccount Fused(LlamaConfig config)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize, head = config.HeadSize;
        long queries = config.HeadCount * head, keys = config.KeyValueHeadCount * head;
        var norms = (2 * FusedNorm(hidden)) + (config.HeadNorm ? (config.HeadCount + config.KeyValueHeadCount) * FusedNorm(head) : 0);
        // Attention keeps turned queries, keys and values; its probabilities are computed again. The gate keeps both its factors.
        var kept = norms + ((queries + (2 * keys) + (2 * inside)) * FusedWidth);
        return new LayerAccount(hidden * FusedWidth, kept, 0, Passing(config) * FusedWidth, Inputs(config, isMixedKept: false));
    }

    /// <summary>The product's gradient and that of both its factors, beside the gradient of the residual stream and its sum.</summary>
    private static long Passing(LlamaConfig config) => (3L * config.IntermediateSize) + (2L * config.HiddenSize);

    /// <summary>The linear layers of a layer.</summary>
    /// <param name="config">The model's description.</param>
    /// <param name="isMixedKept">Whether attention keeps its output anyway.</param>
    private static LinearInput[] Inputs(LlamaConfig config, bool isMixedKept) =>
    [
        new(config.HiddenSize, "q_proj", "k_proj", "v_proj"),
        new(config.HeadCount * (long)config.HeadSize, "o_proj") { IsKeptAnyway = isMixedKept },
        new(config.HiddenSize, "gate_proj", "up_proj"),
        new(config.IntermediateSize, "down_proj"),
    ];

    /// <summary>
    /// The input in float32 (where it is that already, the input itself) and the inverse root; a trained weight keeps the normed input,
    /// too.
    /// </summary>
    private static long EagerNorm(long size, bool trained) => ((trained ? 2 : 1) * size * EagerMemory.FloatBytes) + EagerMemory.FloatBytes;

    /// <summary>The input and the inverse root of each row.</summary>
    private static long FusedNorm(long size) => (size * FusedWidth) + EagerMemory.FloatBytes;

    /// <summary>A chunk of logits, and the gradient of all hidden states that predict something.</summary>
    private static long FusedLoss(long targets, LlamaConfig config) =>
        (Math.Min(targets * config.VocabularySize, FusedKernels.MostLogits) + (targets * config.HiddenSize)) * FusedWidth;
}
