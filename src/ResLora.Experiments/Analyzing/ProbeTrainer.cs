using ResLora.Experiments.Comparing;
using ResLora.Experiments.Running;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Analyzing;

/// <summary>Trains an arm in this process and measures it on the way.</summary>
/// <param name="settings">At how many steps, on how many samples.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
internal sealed class ProbeTrainer(AnalyzeSettings settings, IProgress<RunEvent>? progress) : IRunTrainer
{
    /// <inheritdoc />
    public RunRecord Train(PlannedRun run, bool resume, CancellationToken stop)
    {
        try
        {
            var report = TrainJob.Run(
                run.Config,
                watched => new ProbeWatcher(watched, settings),
                resume,
                progress is null ? null : new RunDetails(progress),
                SingleProcess.Instance,
                stop);
            return report.Result.Interrupted
                ? throw new OperationCanceledException(stop)
                : new RunRecord(run.Key, report.TrainableParameters, report.PeakMemory);
        }
        catch (TrainingFailedException error)
        {
            throw new RunFailedException(
                $"{run.Title}: {error.Message} Mend the run's settings, or leave the arm out (analyze.arms).", error);
        }
    }
}
