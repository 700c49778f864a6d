using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ResLora.Experiments.Comparing;

/// <summary>Does one thing after the other, or some of them at once.</summary>
internal static class SideBySide
{
    /// <summary>Does all of them, unless one fails: then those beside it are asked to end.</summary>
    /// <param name="items">What is to be done, in order.</param>
    /// <param name="count">How many are done at once; one is done on the calling thread, which scopes of tensors belong to.</param>
    /// <param name="work">Does one; its token ends it.</param>
    /// <param name="stop">Ends all.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static void Do<T>(IEnumerable<T> items, int count, Action<T, CancellationToken> work, CancellationToken stop)
    {
        var waiting = new ConcurrentQueue<T>(items);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (count == 1)
        {
            Work(waiting, work, end);
            return;
        }

        try
        {
            Task.WaitAll(
                [.. Enumerable.Range(0, count).Select(_ => Task.Run(() => Work(waiting, work, end), CancellationToken.None))],
                CancellationToken.None);
        }
        catch (AggregateException error)
        {
            // Those that were ended for another's failure say only that.
            var first = error.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) ?? error.InnerExceptions[0];
            ExceptionDispatchInfo.Throw(first);
        }
    }

    private static void Work<T>(ConcurrentQueue<T> waiting, Action<T, CancellationToken> work, CancellationTokenSource end)
    {
        try
        {
            while (waiting.TryDequeue(out var item))
            {
                end.Token.ThrowIfCancellationRequested();
                work(item, end.Token);
            }
        }
        catch
        {
            end.Cancel();
            throw;
        }
    }
}
