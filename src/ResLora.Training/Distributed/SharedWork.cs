namespace ResLora.Training.Distributed;

/// <summary>Work without an order of its own, such as the batches of an evaluation, shared out over ranks.</summary>
public static class SharedWork
{
    /// <summary>Computes each item on one of the ranks and gives all results to all of them: what one rank alone would have.</summary>
    /// <param name="ranks">The ranks, all of which call this with the same items.</param>
    /// <param name="items">The items.</param>
    /// <param name="compute">Computes one; its result must outlive a way through JSON.</param>
    /// <returns>The results in the order of the items.</returns>
    /// <exception cref="OperationCanceledException">The computing was stopped in this rank or in another one.</exception>
    public static IReadOnlyList<TResult> Map<TItem, TResult>(
        this ICommunicator ranks, IReadOnlyList<TItem> items, Func<TItem, TResult> compute)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(compute);
        if (ranks.Size == 1)
        {
            return [.. items.Select(compute)];
        }

        // In turns, because items are often sorted by size.
        TResult[] mine = [];
        OperationCanceledException? stopped = null;
        try
        {
            mine = [.. items.Where((_, i) => i % ranks.Size == ranks.Rank).Select(compute)];
        }
        catch (OperationCanceledException error)
        {
            stopped = error;
        }

        if (ranks.Any(stopped is not null))
        {
            throw stopped ?? new OperationCanceledException("Another rank was stopped.");
        }

        var all = ranks.GatherJson(mine);
        return [.. items.Select((_, i) => all[i % ranks.Size][i / ranks.Size])];
    }
}
