using ResLora.Adapters;
using ResLora.Models;
using ResLora.Training.Loop;
using TorchSharp.Modules;

namespace ResLora.Experiments.Planning;

/// <summary>A forecast of the memory at the peak of a training step, in bytes. It is a sum of the large parts, good to about a third.</summary>
/// <param name="Weights">The model's weights. Those used in the type of their file are mapped, and the system may drop them again.</param>
/// <param name="Trained">Trained numbers with gradient and AdamW's two means, 16 bytes each.</param>
/// <param name="Activations">What the forward pass of the longest batch keeps for the gradients.</param>
/// <param name="Logits">The scores of the batch's trained tokens, with softmax and gradient.</param>
public sealed record MemoryEstimate(long Weights, long Trained, long Activations, long Logits)
{
    private const long BytesOfTrained = 16;
    private const long CopiesOfLogits = 3;

    // A layer keeps more than its linear layers' inputs and outputs: norms, rotated queries and keys, gate products. Measured on
    // Llamas of 1.7 M and 10 M parameters, adapters on all linear layers: 1.5 to 2 times as much.
    private const double Surroundings = 1.8;

    /// <summary>All parts together.</summary>
    public long Total => Weights + Trained + Activations + Logits;

    /// <summary>Estimates a run.</summary>
    /// <param name="model">The model, which may be on the meta device, with its adapter if there is one.</param>
    /// <param name="adapter">The adapter, or null.</param>
    /// <param name="config">How it is trained.</param>
    /// <param name="bytesOfWeight">The width of the type that the base computes in.</param>
    /// <param name="trainable">How many numbers are trained.</param>
    /// <param name="batchTokens">Tokens of the longest batch, padding included.</param>
    /// <param name="trainedTokens">Trained tokens of a batch at most.</param>
    internal static MemoryEstimate Of(
        CausalLanguageModel model, AdaptedModel? adapter, TrainConfig config, int bytesOfWeight, long trainable, long batchTokens, long trainedTokens)
    {
        var linears = model.named_modules()
            .Where(m => m.module is Linear && m.name != "lm_head")
            .Sum(m => Features((Linear)m.module)) * (double)bytesOfWeight;
        // Blocks compute in float32: the update and what is between A and B; a shortcut adds another input or update.
        var blocks = adapter?.Blocks.Sum(b => b.OutFeatures + b.A.shape[0]) * (double)sizeof(float) ?? 0;
        if (adapter?.Config.Shortcut.Kind is ShortcutKind.Input)
        {
            blocks += adapter.Blocks.Sum(b => b.InFeatures) * (double)sizeof(float);
        }

        // With checkpointing one layer is in memory at a time, but what shortcuts carry from layer to layer is kept.
        var (kept, passing) = adapter?.Config.Shortcut.Kind is null or ShortcutKind.None ? (0.0, blocks) : (blocks, 0.0);
        var bytesOfToken = (((linears * Surroundings) + passing) / (config.GradientCheckpointing ? model.LayerCount : 1)) + kept;
        var weights = model.named_parameters().Sum(p => p.parameter.numel()) - (adapter?.TrainableCount ?? 0);
        return new MemoryEstimate(
            weights * bytesOfWeight, trainable * BytesOfTrained, (long)(bytesOfToken * batchTokens), trainedTokens * model.VocabularySize * sizeof(float) * CopiesOfLogits);
    }

    private static long Features(Linear linear) => linear.weight!.shape[0] + linear.weight.shape[1];
}
