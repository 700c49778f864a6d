using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Adapters;
using ResLora.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// How much memory training takes at its peak, reckoned from shapes alone: nothing is run and weights need not be loaded. It counts
/// tensors; the runtime and libtorch themselves (some 200 MB) and what the allocator holds back come on top.
/// </summary>
/// <remarks>
/// Held against a 10 M parameter Llama with the input shortcut, 16 × 500 tokens, on Linux: 1.85 GB reckoned for what training adds;
/// the process grew by 1.70 GB with MALLOC_MMAP_THRESHOLD_=131072 and by 2.66 GB with glibc's defaults, which give freed blocks back late.
/// </remarks>
/// <param name="BaseWeights">Bytes of frozen weights: their number × the width of the dtype. Weights used as their file has them are page cache.</param>
/// <param name="Trained">Bytes of what is trained: 16 for each number (value, gradient and AdamW's two moments, 4 each).</param>
/// <param name="Activations">
/// Bytes kept for the backward pass: for every layer, the inputs and outputs of its linear layers (which stand for the norms, attention
/// and products between them too) and R numbers of each adapter block (with dropout also its input), times the padded tokens of the
/// largest batch. With gradient checkpointing only the inputs of all layers, with what shortcuts carry into them, and the activations of one.
/// </param>
/// <param name="Logits">Bytes of the loss: logits, their logarithms and the gradient, 4 each for V numbers at every trained token.</param>
public sealed partial record MemoryEstimate(long BaseWeights, long Trained, long Activations, long Logits)
{
    private const int FloatBytes = 4;
    private const int NumbersForTrained = 4;
    private const int NumbersForLogits = 3;

    /// <summary>All together, in bytes.</summary>
    public long Total => BaseWeights + Trained + Activations + Logits;

    /// <summary>Reckons the memory.</summary>
    /// <param name="model">The model, whose weights may be on the meta device.</param>
    /// <param name="adapter">The adapter on it; null when the model itself is trained.</param>
    /// <param name="config">Batch size, dtype and checkpointing.</param>
    /// <param name="longestSample">The longest sample in tokens.</param>
    /// <param name="mostTrainedTokens">The most trained tokens of a sample.</param>
    /// <returns>The estimate.</returns>
    public static MemoryEstimate Of(LanguageModel model, AdaptedModel? adapter, TrainConfig config, int longestSample, int mostTrainedTokens)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        var isFloat = config.DataType == "float32" || (config.DataType == "auto" && model.DataType == ScalarType.Float32);
        var width = isFloat ? FloatBytes : FloatBytes / 2;
        var all = model.parameters().Sum(p => p.numel());
        var trained = adapter?.TrainableCount ?? all;
        var perToken = NumbersPerToken(model, adapter, config.GradientCheckpointing);
        return new MemoryEstimate(
            (all - trained) * width,
            trained * NumbersForTrained * FloatBytes,
            perToken * config.BatchSize * longestSample * width,
            (long)config.BatchSize * mostTrainedTokens * model.VocabularySize * NumbersForLogits * FloatBytes);
    }

    private static long NumbersPerToken(LanguageModel model, AdaptedModel? adapter, bool checkpointing)
    {
        var blocks = adapter?.Blocks.ToDictionary(b => b.BaseLayer) ?? [];
        long Kept(Linear linear) => blocks.TryGetValue(linear, out var b) ? b.Config.Rank + (b.Config.Dropout > 0 ? b.InFeatures : 0) : 0;
        long Carried(Linear linear) => !blocks.TryGetValue(linear, out var b) ? 0 : b.Config.Shortcut.Kind switch
        {
            ShortcutKind.Input => b.InFeatures,
            ShortcutKind.Middle => b.Config.Rank,
            _ => 0,
        };
        var layers = model.named_modules()
            .Select(m => (Layer: LayerIndex().Match(m.name), Linear: m.module as Linear))
            .Where(m => m.Layer.Success && m.Linear is not null)
            .GroupBy(m => int.Parse(m.Layer.Groups[1].ValueSpan, CultureInfo.InvariantCulture), m => m.Linear!)
            .Select(layer => (
                Inputs: layer.First().weight!.shape[1] + layer.Sum(Carried),
                Inside: layer.Sum(linear => linear.weight!.shape.Sum() + Kept(linear))))
            .ToArray();
        return checkpointing
            ? layers.Sum(layer => layer.Inputs) + layers.Max(layer => layer.Inside)
            : layers.Sum(layer => layer.Inside);
    }

    [GeneratedRegex(@"\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerIndex();
}
