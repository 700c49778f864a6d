using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Training.Distributed.Nccl;

namespace ResLora.Training.Loop;

/// <summary>
/// Trains an adapter or a whole model. A run's folder gets <c>metrics.jsonl</c>, <c>tensorboard/</c>, <c>checkpoints/</c>,
/// <c>best/</c> and <c>last/</c>; nobody else may train into it meanwhile. One seed, one machine and one number of threads give one
/// result, bit for bit.
/// </summary>
/// <param name="setup">What is trained, on what, how, and where to.</param>
public sealed class Trainer(TrainSetup setup)
{
    /// <summary>
    /// Runs to the end, or until it stops improving or is stopped. The model's hooks, mode and kernels and libtorch's number of threads are
    /// put back afterwards; libtorch's generator is used between the process's own random numbers without changing them. Several runs may
    /// go on in one process, each on its own model: none changes the result of another.
    /// </summary>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="resume">
    /// Whether the run in the folder goes on from its newest checkpoint that is not damaged; one that was stopped before its first
    /// checkpoint starts anew. False begins a run, and the folder must hold none.
    /// </param>
    /// <param name="stop">Ends the run after the step in hand, with a checkpoint.</param>
    /// <returns>How the run ended.</returns>
    /// <exception cref="ConfigException">
    /// Settings or data cannot be used, the folder holds a run or is held by one, there is none to go on with, the checkpoint belongs to
    /// another run, or the disk refuses. Nothing was written then, but where the disk refuses.
    /// </exception>
    /// <exception cref="FileFormatException">All checkpoints are damaged.</exception>
    /// <exception cref="TrainingFailedException">A loss, a gradient or a weight is not finite.</exception>
    public TrainResult Run(IProgress<RunEvent>? progress = null, bool resume = false, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(setup);
        var samples = UsableSamples();
        var model = setup.Model;
        var (beginForward, runLayer, training, fused) = (model.BeginForward, model.RunLayer, model.training, model.UsesFusedKernels);
        model.UsesFusedKernels = setup.Config.FusedKernels;
        if (setup.Adapter is { } adapter)
        {
            model.BeginForward ??= adapter.BeginPass;
        }

        foreach (var (_, parameter) in setup.Trainable)
        {
            parameter.requires_grad = true;
        }

        try
        {
            using var threads = new ThreadScope(usual => ThreadChoice.Of(setup, usual));
            var ranks = NcclCommunicator.Over(
                setup.Communicator, model.Device, TimeSpan.FromSeconds(setup.Config.RankTimeout),
                sentence => progress?.Report(new Note(0, sentence)));
            using var run = new TrainingRun(setup with { Communicator = ranks }, samples, progress);
            var result = run.Execute(resume, stop);
            (ranks as NcclCommunicator)?.Leave();
            return result;
        }
        finally
        {
            (model.BeginForward, model.RunLayer, model.UsesFusedKernels) = (beginForward, runLayer, fused);
            model.train(training);
        }
    }

    /// <summary>Checks everything that can be checked before the first step.</summary>
    private List<IExample> UsableSamples()
    {
        var problems = setup.Config.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"train: {string.Join("; ", problems)}.");
        }

        PipelineTerms.Require(setup);
        if (setup.Trainable.Count == 0)
        {
            throw new ConfigException("There is nothing to train: no parameter was given.");
        }

        if (setup.ExtraMetrics is null && setup.Validation.Count > 0 && !setup.Objective.Metrics.Contains(setup.Config.BestMetric))
        {
            throw new ConfigException($"train.bestMetric is '{setup.Config.BestMetric}', and this run's evaluation gives {string.Join(" and ", setup.Objective.Metrics)} only.");
        }

        if (!PipelineTerms.AreOf(setup) && setup.Config.RanksProblem(setup.Communicator.Size) is { } tooMany)
        {
            throw new ConfigException(tooMany);
        }

        if (setup.Objective.Problem(setup.Train.Concat(setup.Validation)) is { } problem)
        {
            throw new ConfigException(problem);
        }

        var usable = setup.Train.Where(s => setup.Objective.TargetsOf(s) > 0).ToList();
        var untrained = setup.Train.Count - usable.Count;
        return usable.Count > 0 && untrained <= setup.Config.MaxUntrainedShare * setup.Train.Count
            ? usable
            : throw new ConfigException(
                $"{untrained} of {setup.Train.Count} training samples have {setup.Objective.NothingToLearn}, more than the allowed share of {setup.Config.MaxUntrainedShare}; check the data and its labels.");
    }
}
