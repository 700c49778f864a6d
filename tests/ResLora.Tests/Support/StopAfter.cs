using ResLora.Training.Loop;

namespace ResLora.Tests.Support;

/// <summary>Interrupts a run once a step is done.</summary>
internal sealed class StopAfter(int step, CancellationTokenSource stop) : IProgress<RunEvent>
{
    public void Report(RunEvent value)
    {
        if (value is StepDone { Step: var done } && done == step)
        {
            stop.Cancel();
        }
    }
}
