using ResLora.Training.Loop;
using ResLora.Training.Objectives.Denoising;
using Parameter = TorchSharp.Modules.Parameter;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>Steps of training on noisy latents that are given.</summary>
internal static class DenoisingSteps
{
    /// <summary>Makes the steps.</summary>
    /// <param name="objective">What is trained for.</param>
    /// <param name="trainable">What is trained.</param>
    /// <param name="config">The optimizer; a clipping of 0 clips nothing.</param>
    /// <param name="rateFactor">What the learning rate of a parameter is multiplied by, by its name.</param>
    /// <param name="steps">How many.</param>
    /// <param name="batchOf">The batch of a step, from 0.</param>
    public static (double[] Losses, double[] Norms) Run(
        DenoisingObjective objective, IEnumerable<KeyValuePair<string, Parameter>> trainable, TrainConfig config, Func<string, double> rateFactor,
        int steps, Func<int, DenoisingBatch> batchOf) =>
        GivenSteps.Run(trainable, config, rateFactor, steps, step =>
        {
            using var batch = batchOf(step);
            return objective.LossSum(batch) / batch.TargetCount;
        });
}
