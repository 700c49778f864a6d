using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Fused;
using ResLora.Models.Llama;

namespace ResLora.Training.Memory;

/// <summary>
/// What the kernels of <c>ResLora.Models.Fused</c> keep of a Llama in bfloat16, in place of <see cref="EagerLayers"/>. Letters as there.
/// </summary>
internal static class FusedLayers
{
    private const int FloatBytes = 4;
    private const int Width = 2;

    /// <summary>Whether a run takes the kernels.</summary>
    /// <param name="model">The model.</param>
    /// <param name="isFrozen">Whether its own weights are frozen.</param>
    /// <param name="isWanted">Whether the settings want them.</param>
    /// <param name="width">w.</param>
    public static bool Hold(LanguageModel model, bool isFrozen, bool isWanted, int width) =>
        isWanted && isFrozen && width == Width && model is LlamaModel { Config.AttentionDropout: 0 } && FusedKernels.IsSupported;

    /// <summary>The layers of a model.</summary>
    /// <param name="config">The model's description.</param>
    /// <param name="adapter">The adapter on it.</param>
    public static IReadOnlyList<LayerMemory> Of(LlamaConfig config, AdaptedModel adapter) =>
        [.. LayerBlocks.Of(adapter, config.LayerCount, Width).Select(layer => Layer(config, layer))];

    /// <summary>A norm's input and the inverse root of each row, in bytes a token.</summary>
    public static long Norm(long size) => (size * Width) + FloatBytes;

    /// <summary>What the loss takes at its peak: a chunk of logits, and the gradient of all hidden states that predict something.</summary>
    public static long Loss(long targets, LlamaConfig config) =>
        (Math.Min(targets * config.VocabularySize, FusedKernels.MostLogits) + (targets * config.HiddenSize)) * Width;

    private static LayerMemory Layer(LlamaConfig config, LayerBlocks blocks)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize, head = config.HeadSize;
        long queries = config.HeadCount * head, keys = config.KeyValueHeadCount * head;
        var norms = (2 * Norm(hidden)) + (config.HeadNorm ? (config.HeadCount + config.KeyValueHeadCount) * Norm(head) : 0);
        // Attention keeps turned queries, keys and values; its probabilities are computed again. The gate keeps both its factors.
        var kept = norms + ((queries + (2 * keys) + (2 * inside)) * Width);
        var (inputs, carried) = EagerLayers.LlamaBlocks(config, blocks, isMixedKept: false);
        // The product's gradient and that of both its factors, beside the gradient of the residual stream and its sum.
        return new LayerMemory((hidden * Width) + carried, kept + inputs, 0, ((3 * inside) + (2 * hidden)) * Width);
    }
}
