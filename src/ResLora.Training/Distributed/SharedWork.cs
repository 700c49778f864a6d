namespace ResLora.Training.Distributed;

/// <summary>Work without an order of its own, such as the batches of an evaluation, shared out over ranks.</summary>
public static class SharedWork
{
    // Between two meetings: so many that a slow one of them holds up the others little, so few that their results are held with ease.
    private const int ItemsOfARank = 8;

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

    /// <summary>
    /// Computes each item on one of the ranks, as <see cref="Map"/> does, while items are read: there may be more of them, and more
    /// results, than fit into memory. Ranks meet whenever each has computed some.
    /// </summary>
    /// <param name="ranks">The ranks, all of which read the same items and take all results.</param>
    /// <param name="items">The items.</param>
    /// <param name="compute">Computes one; its result must outlive a way through JSON.</param>
    /// <returns>The results in the order of the items, computed as they are asked for.</returns>
    /// <exception cref="OperationCanceledException">While enumerating: it was stopped in this rank or in another one.</exception>
    public static IEnumerable<TResult> MapEach<TItem, TResult>(
        this ICommunicator ranks, IEnumerable<TItem> items, Func<TItem, TResult> compute)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(items);
        return ranks.Size == 1
            ? items.Select(compute)
            : items.Chunk(ranks.Size * ItemsOfARank).SelectMany(some => ranks.Map(some, compute));
    }

    /// <summary>Gives all ranks the items that rank 0 reads, each when it is asked for.</summary>
    /// <param name="ranks">The ranks, all of which take as many items.</param>
    /// <param name="items">The items; those of the other ranks are not read.</param>
    /// <returns>The items of rank 0, which must outlive a way through JSON.</returns>
    public static IEnumerable<T> ReadByFirst<T>(this ICommunicator ranks, IEnumerable<T> items)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(items);
        return ranks.Size == 1 ? items : Received();

        IEnumerable<T> Received()
        {
            using var mine = ranks.Rank == 0 ? items.GetEnumerator() : null;
            while (ranks.BroadcastJson(mine?.MoveNext() == true ? mine.Current : null) is { } item)
            {
                yield return item;
            }
        }
    }
}
