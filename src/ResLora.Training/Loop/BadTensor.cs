using ResLora.Formats;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static ResLora.Training.Evaluation.FiniteTensors;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>Finds where numbers went bad, once it is known that they did.</summary>
internal static class BadTensor
{
    /// <summary>Names the first tensor, in the order of the computation, that makes a batch's loss not finite.</summary>
    public static string BehindLoss(TrainSetup setup, Batch batch)
    {
        var trained = setup.Trainable.Select(p => (p.Key, (Tensor)p.Value));
        var frozen = setup.Model.named_parameters().Select(p => (p.name, (Tensor)p.parameter));
        return First(trained) ?? First(frozen) ?? InLayers(setup.Objective, batch) ?? "the loss";
    }

    /// <summary>
    /// Names the first tensor that is not finite among what is trained and the optimizer's moments; null when all is well.
    /// </summary>
    public static string? InState(TrainSetup setup, AdamW optimizer) =>
        First(setup.Trainable.Select(p => (p.Key, (Tensor)p.Value))) ?? First(optimizer.State.Select(s => (s.Key, s.Value)));

    /// <summary>
    /// Names the first tensor that makes the loss of the held-out samples not finite. Ranks that measured it together, all of which call
    /// this, look at a share of the samples each, as they did then.
    /// </summary>
    /// <returns>The name, and where it is of another rank, which.</returns>
    public static string BehindEvaluation(TrainSetup setup)
    {
        var ranks = setup.Objective.Ranks;
        var own = setup.Validation.Where(s => setup.Objective.TargetsOf(s) > 0).Chunk(setup.Config.BatchSize)
            .Where((_, i) => i % ranks.Size == ranks.Rank)
            .Select(group => BehindEvaluation(setup, group))
            .FirstOrDefault(name => name is not null);
        return ranks.FirstNamed(own) ?? $"the evaluation's {Objective.LossMetric}";
    }

    private static string? BehindEvaluation(TrainSetup setup, IExample[] group)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var batch = setup.Objective.Collate(group);
        return IsFinite(setup.Objective.LossSum(batch)) ? null : BehindLoss(setup, batch);
    }

    /// <summary>Names the first gradient that is not finite.</summary>
    public static string BehindGradients(TrainSetup setup)
    {
        using var scope = NewDisposeScope();
        var gradients = setup.Trainable.Select(p => ($"the gradient of {p.Key}", p.Value.grad)).Where(g => g.grad is not null);
        return First(gradients.Select(g => (g.Item1, g.grad!))) ?? "the norm of all gradients together";
    }

    private static string? InLayers(Objective objective, Batch batch)
    {
        using var scope = NewDisposeScope();
        var model = objective.Model;
        using var mode = new EvaluationMode(model);
        string? found = null;
        var index = 0;
        model.RunLayer = (layer, inputs) =>
        {
            var output = layer(inputs);
            found ??= IsFinite(output) ? null : $"the output of layer {index}";
            index++;
            return output;
        };
        objective.Forward(batch);   // with its mask, so that padding cannot be what is bad
        return found;
    }
}
