using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>Trains runs on a rank.</summary>
/// <param name="farm">The ranks.</param>
/// <param name="rank">The rank.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
internal sealed class RankTrainer(RunFarm farm, IFarmPlace rank, IProgress<RunEvent>? progress) : IRunTrainer
{
    /// <inheritdoc />
    public string Place => $" on {rank.Name}";

    /// <inheritdoc />
    public RunRecord Train(PlannedRun run, bool resume, CancellationToken stop)
    {
        var record = farm.Do<RunRecord>(rank, new TrainTask(run) { Title = run.Title }, progress, stop);
        if (record.Failure is { } reason)
        {
            progress?.Report(new Note(0, $"{run.Title}: {reason}"));
        }

        return record;
    }
}
