using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ResLora.Experiments.Comparing;

/// <summary>Does one thing after the other, or some of them at once.</summary>
internal static class SideBySide
{
    /// <summary>Does all of them, unless one fails: then those beside it are asked to end.</summary>
    /// <param name="items">What is to be done, in order.</param>
    /// <param name="places">Where they are done, one at a time in each; in a single place on the calling thread, which scopes of tensors
    /// belong to.</param>
    /// <param name="work">Does one in a place; its token ends it.</param>
    /// <param name="stop">Ends all.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static void Do<T, TPlace>(
        IEnumerable<T> items, IReadOnlyList<TPlace> places, Action<T, TPlace, CancellationToken> work, CancellationToken stop)
    {
        var waiting = new ConcurrentQueue<T>(items);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (places is [var only])
        {
            Work(waiting, only, work, end);
            return;
        }

        try
        {
            // A thread each from the start: they may be many, and wait for hours.
            Task.WaitAll(
                [
                    .. places.Select(place => Task.Factory.StartNew(
                        () => Work(waiting, place, work, end),
                        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
                ],
                CancellationToken.None);
        }
        catch (AggregateException error)
        {
            // Those that were ended for another's failure say only that.
            var first = error.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) ?? error.InnerExceptions[0];
            ExceptionDispatchInfo.Throw(first);
        }
    }

    private static void Work<T, TPlace>(
        ConcurrentQueue<T> waiting, TPlace place, Action<T, TPlace, CancellationToken> work, CancellationTokenSource end)
    {
        try
        {
            while (waiting.TryDequeue(out var item))
            {
                end.Token.ThrowIfCancellationRequested();
                work(item, place, end.Token);
            }
        }
        catch
        {
            end.Cancel();
            throw;
        }
    }
}
