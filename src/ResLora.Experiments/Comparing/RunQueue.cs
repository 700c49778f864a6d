using System.Diagnostics;
using ResLora.Experiments.Comparing.Farming;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Trains runs in their order, some of them at once: one that is done is not trained again, one that was begun goes on.</summary>
/// <param name="trainers">Train one at a time each.</param>
/// <param name="stage">Counts them.</param>
/// <param name="stop">Ends the runs in hand with a checkpoint.</param>
internal sealed class RunQueue(IReadOnlyList<IRunTrainer> trainers, CompareStage stage, CancellationToken stop)
{
    /// <summary>Makes a queue for this process or, where runs are trained side by side, for others or for ranks.</summary>
    /// <param name="total">All runs, those that are done already included.</param>
    /// <param name="jobs">How many are trained at once.</param>
    /// <param name="tool">This program and what stands before its commands; null where runs are never side by side.</param>
    /// <param name="farm">The ranks that train; null for none.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the runs in hand with a checkpoint.</param>
    public static RunQueue Of(
        int total, int jobs, IReadOnlyList<string>? tool, RunFarm? farm, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        IRunTrainer Alone() => jobs == 1
            ? new HereTrainer(progress)
            : new ProcessTrainer(tool ?? throw new ArgumentNullException(nameof(tool), "Runs side by side need the program."), progress);
        IRunTrainer[] trainers = farm is null
            ? [.. Enumerable.Repeat(Alone(), jobs)]
            : [.. farm.Places.Select(rank => new RankTrainer(farm, rank, progress))];
        return new RunQueue(trainers, new CompareStage("Run", "to train", total, trainers.Length, progress), stop);
    }

    /// <summary>A run that failed, in words.</summary>
    /// <param name="run">The run.</param>
    /// <param name="reason">Why.</param>
    /// <param name="inner">The cause; null for none.</param>
    public static RunFailedException Failure(PlannedRun run, string reason, Exception? inner) => new(
        $"{run.Title}: {reason} No arm and no seed is dropped for its result; mend the arm, or leave it out for all seeds (compare.exclude: [{run.Arm}]).", inner);

    /// <summary>Trains the runs.</summary>
    /// <param name="runs">The runs, in order.</param>
    /// <exception cref="Formats.Errors.ResLoraException">A folder holds another run, or files cannot be used.</exception>
    /// <exception cref="RunFailedException">A run failed; those beside it have saved a checkpoint.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Train(IEnumerable<PlannedRun> runs) => SideBySide.Do(runs, trainers, Train, stop);

    private void Train(PlannedRun run, IRunTrainer trainer, CancellationToken end)
    {
        if (RunRecord.Find(run) is not null)
        {
            stage.Skip();
            return;
        }

        var resume = RunStart.IsBegun(run.Folder.Path);
        stage.Begin($"{run.Title}{trainer.Place}{(resume ? ", which goes on" : "")}");
        var clock = Stopwatch.StartNew();
        trainer.Train(run, resume, end).Write(run);
        stage.End(clock.Elapsed);
    }
}
