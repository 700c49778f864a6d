using ResLora.Experiments.Running;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Trains a run in this process.</summary>
/// <param name="progress">Is told what happens; null for nobody.</param>
internal sealed class HereTrainer(IProgress<RunEvent>? progress) : IRunTrainer
{
    /// <inheritdoc />
    public RunRecord Train(PlannedRun run, bool resume, CancellationToken stop)
    {
        try
        {
            var report = TrainJob.Run(run.Config, resume, progress is null ? null : new RunDetails(progress), stop: stop);
            // One that was stopped where it pauses may lack the evaluation that is due there.
            return report.Result.Interrupted && (stop.IsCancellationRequested || !run.IsPausedAfter(report.Result.Steps))
                ? throw new OperationCanceledException(stop)
                : new RunRecord(run.Key, report.TrainableParameters, report.PeakMemory);
        }
        catch (TrainingFailedException error) when (run.IsTrial)
        {
            progress?.Report(new Note(error.Step, $"{run.Title}: {error.Message}"));
            return new RunRecord(run.Key, 0, null) { Failure = error.Message };
        }
        catch (TrainingFailedException error)
        {
            throw RunQueue.Failure(run, error.Message, error);
        }
    }
}
