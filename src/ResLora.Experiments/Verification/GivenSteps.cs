using System.Text.Json;
using ResLora.Training.Loop;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace ResLora.Experiments.Verification;

/// <summary>Steps of training on batches that are given: their losses, and the gradients' norms before they are clipped.</summary>
internal static class GivenSteps
{
    /// <summary>AdamW as a case asks for it.</summary>
    /// <param name="settings">The object with <c>betas</c>, <c>eps</c> and <c>weight_decay</c>.</param>
    /// <param name="rate">The key of the learning rate.</param>
    public static TrainConfig ConfigOf(JsonElement settings, string rate) => new()
    {
        LearningRate = settings.GetProperty(rate).GetDouble(),
        Beta1 = settings.GetProperty("betas")[0].GetDouble(),
        Beta2 = settings.GetProperty("betas")[1].GetDouble(),
        Epsilon = settings.GetProperty("eps").GetDouble(),
        WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
        ClipNorm = 0,
    };

    /// <summary>Makes the steps.</summary>
    /// <param name="trainable">What is trained.</param>
    /// <param name="config">The optimizer; a clipping of 0 clips nothing.</param>
    /// <param name="rateFactor">What the learning rate of a parameter is multiplied by, by its name.</param>
    /// <param name="steps">How many.</param>
    /// <param name="lossOf">The mean loss of a step's batch, from 0: a new scalar.</param>
    public static (double[] Losses, double[] Norms) Run(
        IEnumerable<KeyValuePair<string, Parameter>> trainable, TrainConfig config, Func<string, double> rateFactor, int steps,
        Func<int, Tensor> lossOf)
    {
        var trained = trainable.ToArray();
        Parameter[] parameters = [.. trained.Select(one => one.Value)];
        foreach (var parameter in parameters)
        {
            parameter.requires_grad = true;
        }

        using var adam = new AdamW(trained, config, rateFactor);
        var (losses, norms) = (new double[steps], new double[steps]);
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var loss = lossOf(step);
            adam.ZeroGradients();
            loss.backward();
            norms[step] = Gradients.Norm(parameters);
            if (config.ClipNorm > 0)
            {
                Gradients.Clip(parameters, norms[step], config.ClipNorm);
            }

            adam.Step(config.LearningRate);
            losses[step] = loss.item<float>();
        }

        return (losses, norms);
    }
}
