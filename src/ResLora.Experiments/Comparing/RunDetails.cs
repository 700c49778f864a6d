using ResLora.Experiments.Running;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Passes on what happens in one of many runs, but for what all of them would say again.</summary>
/// <param name="progress">Who is told.</param>
internal sealed class RunDetails(IProgress<RunEvent> progress) : IProgress<RunEvent>
{
    /// <inheritdoc />
    public void Report(RunEvent value)
    {
        if (value is not (RunPlanned or EvaluationDone))
        {
            progress.Report(value);
        }
    }
}
