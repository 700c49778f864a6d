using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>What one optimizer step gave.</summary>
/// <param name="Loss">The mean loss over what the step predicts, in nats.</param>
/// <param name="GradientNorm">‖g‖₂ before clipping.</param>
/// <param name="Count">How much was read, in the objective's unit of speed; padding is not counted.</param>
internal sealed record StepOutcome(double Loss, double GradientNorm, int Count);

/// <summary>
/// One optimizer step: forward and backward passes, shared out over the ranks, clipping, update. Nothing but numbers outlives it.
/// </summary>
internal sealed class TrainStep(
    TrainSetup setup, IReadOnlyList<IExample> samples, AdamW optimizer, RunRandom random, MethodTraining? method,
    PipelineStage? stage = null) : IDisposable
{
    /// <summary>A loss below it counts as none: float32 rounds the gradient of a sample that is known by heart to 0.</summary>
    private const double LeastLoss = 1e-4;

    private readonly Parameter[] _parameters = [.. setup.Trainable.Select(p => p.Value)];
    private readonly GradientSum _sum = new(setup.Communicator, [.. setup.Trainable.Select(p => p.Value)], setup.Config.Reduction);

    private readonly SharedStatistics _statistics = new(setup.Communicator, setup.Adapter?.Statistics);

    private ICommunicator Ranks => setup.Communicator;

    /// <param name="number">The step, from 1, for messages.</param>
    /// <param name="microBatches">The samples of each forward pass.</param>
    /// <param name="learningRate">The learning rate of the step.</param>
    public StepOutcome Run(int number, IReadOnlyList<int[]> microBatches, double learningRate)
    {
        // Of a pipeline every rank makes its layers' part of every pass.
        var share = stage is null
            ? StepShare.Of(microBatches, Ranks, setup.Config.Reduction) : new StepShare(microBatches, First: 0, microBatches.Count);
        optimizer.ZeroGradients();
        method?.BeginStep(number - 1);
        _statistics.Begin();
        var losses = Agreement.Of(
            Ranks, () => Backward(number, share), name => new TrainingFailedException(number, name));
        _statistics.Finish();
        if (optimizer.StepCount == 0 && share.Passes.Count > 0)
        {
            setup.Adapter?.RequireRun(stage is null ? null : stage.Holds);
        }

        // Each place is filled by one rank, so that the sum is the same bits everywhere.
        Ranks.Sum(losses);
        var loss = losses.Sum();
        if (stage is not null && !double.IsFinite(loss))
        {
            throw new TrainingFailedException(number, stage.FirstBadTensor());
        }

        _sum.Finish();
        var norm = Gradient(number, loss);
        optimizer.Step(learningRate);
        method?.EndStep(number - 1);
        return new StepOutcome(loss, norm, microBatches.Sum(batch => batch.Sum(index => setup.Objective.CountOf(samples[index]))));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _sum.Dispose();
        _statistics.Dispose();
    }

    /// <summary>What is done with the gradients of all ranks together.</summary>
    /// <returns>‖g‖₂ before clipping.</returns>
    private double Gradient(int number, double loss)
    {
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

        return norm;
    }

    /// <returns>The loss of each forward pass of all ranks, 0 for those of the others.</returns>
    private double[] Backward(int number, StepShare share)
    {
        using var scope = NewDisposeScope();
        var batches = Collate(number, share);

        if (stage is not null)
        {
            return stage.Backward(number, batches, batches.Sum(batch => batch.TargetCount), random);
        }

        // Known before any pass, so that each pass can already be divided by it.
        Span<double> targets = [batches.Sum(batch => batch.TargetCount)];
        Ranks.Sum(targets);
        var losses = new double[share.Total];
        for (var i = 0; i < batches.Length; i++)
        {
            losses[share.First + i] = Backward(number, share.First + i, batches[i], (long)targets[0]);
            _sum.PassDone();
        }

        return losses;
    }

    private Batch[] Collate(int number, StepShare share) =>
    [
        .. share.Passes.Select((pass, i) =>
        {
            using var turn = random.Take(number, share.First + i, RunRandom.Use.Masks);
            return setup.Objective.Collate([.. pass.Select(index => samples[index])]);
        }),
    ];

    private double Backward(int number, int pass, Batch batch, long targets)
    {
        CollectionPause.Between();
        using var turn = random.Take(number, pass, RunRandom.Use.Dropout);
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
