using ResLora.Training.Loop;

namespace ResLora.Experiments.Workloads;

/// <summary>Makes more of a run while it goes on.</summary>
internal interface IRunWatcher : IDisposable
{
    /// <summary>The run has its folder and is about to begin or to go on.</summary>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    void Begin(IProgress<RunEvent>? progress);

    /// <summary>Something happened.</summary>
    /// <param name="value">What.</param>
    /// <param name="progress">Is told what is made of it; null for nobody.</param>
    void Report(RunEvent value, IProgress<RunEvent>? progress);
}
