using ResLora.Adapters;

namespace ResLora.Training.Distributed;

/// <summary>
/// Brings the sizes of activations that merges need, which each rank sees of its own forward passes, into the order of the passes: they
/// are the same on all ranks, and as if one had made all passes.
/// </summary>
/// <param name="ranks">The ranks.</param>
/// <param name="statistics">The adapter's statistics; null without an adapter.</param>
internal sealed class SharedStatistics(ICommunicator ranks, CalibrationStatistics? statistics) : IDisposable
{
    private readonly CalibrationStatistics? _statistics = ranks.Size > 1 ? statistics : null;

    /// <summary>A step begins.</summary>
    public void Begin() => _statistics?.Defer();

    /// <summary>After a step that failed the adapter gathers as before, for whoever uses it next.</summary>
    public void Dispose() => _statistics?.TakeDeferred();

    /// <summary>A step's passes are made in all ranks.</summary>
    public void Finish()
    {
        if (_statistics is null)
        {
            return;
        }

        var mine = _statistics.TakeDeferred().ToDictionary(norms => norms.Key, norms => new[] { norms.Value.Inputs, norms.Value.Lows });
        foreach (var (module, norms) in ranks.GatherJson(mine).SelectMany(theirs => theirs))
        {
            _statistics.Add(module, norms[0], norms[1]);
        }
    }
}
