using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>To measure a finished run, or the base model, on the test data. Gives its <see cref="TestRecord"/>.</summary>
/// <param name="Config">The comparison; its arms are not looked at.</param>
/// <param name="Run">The run; null for the base model.</param>
/// <param name="HasHead">Whether the task needs a head, which the base model lacks.</param>
/// <param name="Key">What the measurement depends on.</param>
internal sealed record TestTask(CompareConfig Config, PlannedRun? Run, bool HasHead, string Key) : FarmTask
{
    /// <summary>Measures in this process.</summary>
    /// <param name="progress">Is told how many samples are done; null for nobody.</param>
    /// <param name="stop">Ends it.</param>
    public TestRecord Measure(IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var bench = new TestBench(Config, progress);
        return Run is null ? bench.MeasureBase(Key, HasHead, stop) : bench.Measure(Run, Key, stop);
    }

    /// <inheritdoc />
    protected override object Do(ICommunicator ranks, CancellationToken stop) => Measure(null, stop);
}
