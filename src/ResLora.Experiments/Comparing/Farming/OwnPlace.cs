namespace ResLora.Experiments.Comparing.Farming;

/// <summary>Number 0 itself, which works on the calling thread.</summary>
/// <param name="name">Which it is.</param>
/// <param name="work">Does a task.</param>
internal sealed class OwnPlace(string name, Func<FarmTask, CancellationToken, FarmAnswer> work) : IFarmPlace
{
    // Runs of one process would draw from one random state.
    private readonly Lock _turn = new();

    /// <inheritdoc />
    public string Name => name;

    /// <inheritdoc />
    public FarmAnswer Do(FarmTask task, CancellationToken stop)
    {
        lock (_turn)
        {
            return work(task, stop);
        }
    }
}
