using ResLora.Experiments.Workloads;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>Tells a watcher, and then whoever else wants to know.</summary>
/// <param name="watcher">The watcher.</param>
/// <param name="others">Whoever else; null for nobody.</param>
internal sealed class WatchedProgress(IRunWatcher watcher, IProgress<RunEvent>? others) : IProgress<RunEvent>
{
    /// <inheritdoc />
    public void Report(RunEvent value)
    {
        others?.Report(value);
        watcher.Report(value, others);
    }
}
