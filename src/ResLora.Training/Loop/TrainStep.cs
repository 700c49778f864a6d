using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Tensors.NativeRuntime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>What one optimizer step gave.</summary>
/// <param name="Loss">The mean loss over what the step predicts, in nats.</param>
/// <param name="GradientNorm">‖g‖₂ before clipping.</param>
/// <param name="Count">How much was read, in the objective's unit of speed; padding is not counted.</param>
internal sealed record StepOutcome(double Loss, double GradientNorm, int Count);

/// <summary>One optimizer step: forward and backward passes, clipping, update. Nothing but numbers outlives it.</summary>
internal sealed class TrainStep(
    TrainSetup setup, IReadOnlyList<IExample> samples, AdamW optimizer, RunRandom random, MethodTraining? method)
{
    /// <summary>A loss below it counts as none: float32 rounds the gradient of a sample that is known by heart to 0.</summary>
    private const double LeastLoss = 1e-4;

    private readonly Parameter[] _parameters = [.. setup.Trainable.Select(p => p.Value)];

    /// <param name="number">The step, from 1, for messages.</param>
    /// <param name="microBatches">The samples of each forward pass.</param>
    /// <param name="learningRate">The learning rate of the step.</param>
    public StepOutcome Run(int number, IReadOnlyList<int[]> microBatches, double learningRate)
    {
        var groups = microBatches.Select(batch => batch.Select(index => samples[index]).ToArray()).ToArray();
        optimizer.ZeroGradients();
        method?.BeginStep(number - 1);
        var (loss, norm) = Agreed(number, () => Gradient(number, groups));
        optimizer.Step(learningRate);
        method?.EndStep(number - 1);
        return new StepOutcome(loss, norm, groups.Sum(group => group.Sum(setup.Objective.CountOf)));
    }

    /// <summary>One process's bad numbers end the step in all: else the others would wait for it without an end.</summary>
    private T Agreed<T>(int number, Func<T> compute)
    {
        T result;
        try
        {
            result = compute();
        }
        catch (TrainingFailedException)
        {
            setup.Communicator.Any(true);
            throw;
        }

        return setup.Communicator.Any(false) ? throw new TrainingFailedException(number, "a tensor of another process") : result;
    }

    private (double Loss, double Norm) Gradient(int number, IExample[][] groups)
    {
        var loss = Backward(number, groups);
        if (optimizer.StepCount == 0)
        {
            setup.Adapter?.RequireRun();
        }

        BackwardOfPenalty();
        var norm = Gradients.Norm(_parameters);
        if (!double.IsFinite(norm))
        {
            throw new TrainingFailedException(number, BadTensor.BehindGradients(setup));
        }

        if (norm == 0 && loss > LeastLoss)
        {
            throw TrainingFailedException.NoGradient(number, loss);
        }

        if (setup.Config.ClipNorm > 0)
        {
            Gradients.Clip(_parameters, norm, setup.Config.ClipNorm);
        }

        return (loss, norm);
    }

    private double Backward(int number, IExample[][] groups)
    {
        using var scope = NewDisposeScope();
        var batches = Collate(groups);

        // Known before any pass, so that each pass can already be divided by it.
        var targets = batches.Sum(batch => batch.TargetCount);
        return batches.Sum(batch => Backward(number, batch, targets));
    }

    private Batch[] Collate(IExample[][] groups)
    {
        using var turn = random.Take();   // masks
        return [.. groups.Select(setup.Objective.Collate)];
    }

    private double Backward(int number, Batch batch, long targets)
    {
        CollectionPause.Between();
        using var turn = random.Take();   // dropout
        using var scope = NewDisposeScope();
        var share = setup.Objective.LossSum(batch) / targets;
        var value = share.item<float>();
        if (!float.IsFinite(value))
        {
            throw new TrainingFailedException(number, BadTensor.BehindLoss(setup, batch));
        }

        share.backward();
        GradientHandles.Release();
        return value;
    }

    /// <summary>The loss that is told is the objective's alone, so that methods can be compared by it.</summary>
    private void BackwardOfPenalty()
    {
        using var scope = NewDisposeScope();
        method?.Penalty()?.backward();
    }
}
