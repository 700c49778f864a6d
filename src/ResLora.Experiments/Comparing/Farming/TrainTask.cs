using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>To train a run, or to go on with it: whether it was begun is seen there. Gives its <see cref="RunRecord"/>.</summary>
/// <param name="Run">The run.</param>
internal sealed record TrainTask(PlannedRun Run) : FarmTask
{
    /// <inheritdoc />
    protected override object Do(ICommunicator ranks, CancellationToken stop) =>
        new HereTrainer(null).Train(Run, RunStart.IsBegun(Run.Folder.Path), stop);
}
