using System.Diagnostics;
using ResLora.Experiments.Running;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Trains runs one after the other: one that is done is not trained again, one that was begun goes on.</summary>
/// <param name="stage">Counts them.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
/// <param name="stop">Ends the run in hand with a checkpoint.</param>
internal sealed class RunQueue(CompareStage stage, IProgress<RunEvent>? progress, CancellationToken stop)
{
    /// <summary>Trains the runs.</summary>
    /// <param name="runs">The runs, in order.</param>
    /// <exception cref="Formats.Errors.ResLoraException">A folder holds another run, or files cannot be used.</exception>
    /// <exception cref="RunFailedException">A run failed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Train(IEnumerable<PlannedRun> runs)
    {
        foreach (var run in runs)
        {
            stop.ThrowIfCancellationRequested();
            if (RunRecord.Find(run) is not null)
            {
                stage.Skip();
                continue;
            }

            var resume = Path.Exists(run.Folder.MetricsFile) || Path.Exists(run.Folder.Checkpoints);
            stage.Begin($"{run.Title}{(resume ? ", which goes on" : "")}");
            var clock = Stopwatch.StartNew();
            Train(run, resume).Write(run);
            stage.End(clock.Elapsed);
        }
    }

    private RunRecord Train(PlannedRun run, bool resume)
    {
        try
        {
            var report = TrainJob.Run(run.Config, resume, progress is null ? null : new RunDetails(progress), stop);
            return report.Result.Interrupted
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
            throw new RunFailedException(
                $"{run.Title}: {error.Message} No arm and no seed is dropped for its result; mend the arm, or leave it out for all seeds (compare.exclude: [{run.Arm}]).", error);
        }
    }
}
