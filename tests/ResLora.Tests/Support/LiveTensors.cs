using TorchSharp;

namespace ResLora.Tests.Support;

/// <summary>How many native tensor handles are alive, for leak tests.</summary>
public static class LiveTensors
{
    /// <summary>
    /// Runs an action and returns by how many the live handles grew. What earlier tests left to the finalizer is gone before;
    /// what the action itself leaves to it counts as a leak.
    /// </summary>
    public static long Growth(Action action)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // Not Tensor.TotalCount: it never forgets the empty handles that stand for undefined gradients.
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        action();
        return DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
    }
}
