using ResLora.Training.Distributed;

namespace ResLora.Tests.Training.Distributed;

/// <summary>Ranks that are threads of this process: what is true of MPI's is tested with them without a launcher.</summary>
internal sealed class ThreadRanks : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly Barrier _barrier;
    private readonly object?[] _shown;
    private volatile bool _allCame = true;
    private readonly Dictionary<(int From, int To), Queue<byte[]>> _sent = [];

    private ThreadRanks(int size)
    {
        // At the end of a meeting, before anybody goes on: who looks later may see that a rank is gone that was there.
        _barrier = new Barrier(size, barrier => _allCame = barrier.ParticipantCount == size);
        _shown = new object?[size];
    }

    /// <summary>Runs the same work as every rank of a group and waits for all.</summary>
    /// <param name="size">How many ranks.</param>
    /// <param name="work">What each does.</param>
    /// <returns>What each gave, in their order.</returns>
    public static T[] Run<T>(int size, Func<ICommunicator, T> work)
    {
        using var group = new ThreadRanks(size);
        var results = new T[size];
        var threads = Enumerable.Range(0, size).Select(rank => Task.Factory.StartNew(
            () =>
            {
                try
                {
                    results[rank] = work(new Member(group, rank));
                }
                finally
                {
                    // Those that still wait for it see that it is gone.
                    group._barrier.RemoveParticipant();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(threads, CancellationToken.None);
        return results;
    }

    public void Dispose() => _barrier.Dispose();

    private sealed class Member(ThreadRanks group, int rank) : ICommunicator
    {
        public int Rank => rank;

        public int Size => group._shown.Length;

        public string HostOf(int rank) => FormattableString.Invariant($"host-{rank}");

        public bool Any(bool holds) => Share(holds).Any(other => other);

        public void Sum(Span<float> values)
        {
            var all = Share(values.ToArray());
            for (var i = 0; i < values.Length; i++)
            {
                // Not in the order of ranks, which nobody may count on.
                values[i] = all.Reverse().Aggregate(0f, (sum, one) => sum + one[i]);
            }
        }

        public void Sum(Span<double> values)
        {
            var all = Share(values.ToArray());
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = all.Reverse().Aggregate(0.0, (sum, one) => sum + one[i]);
            }
        }

        public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0) => Share(value.ToArray())[from];

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => Share(value.ToArray());

        public void Send(ReadOnlySpan<byte> value, int to)
        {
            lock (group._sent)
            {
                Queue(rank, to).Enqueue(value.ToArray());
                Monitor.PulseAll(group._sent);
            }
        }

        public void Receive(Span<byte> value, int from, bool gently = false)
        {
            lock (group._sent)
            {
                while (Queue(from, rank).Count == 0)
                {
                    if (!Monitor.Wait(group._sent, _patience))
                    {
                        throw new TimeoutException($"Nothing came from rank {from}.");
                    }
                }

                Queue(from, rank).Dequeue().CopyTo(value);
            }
        }

        private Queue<byte[]> Queue(int from, int to) =>
            group._sent.TryGetValue((from, to), out var queue) ? queue : group._sent[(from, to)] = new Queue<byte[]>();

        private T[] Share<T>(T value)
        {
            group._shown[rank] = value;
            Meet();
            T[] all = [.. group._shown.Cast<T>()];
            Meet();
            return all;
        }

        private void Meet()
        {
            if (!group._barrier.SignalAndWait(_patience))
            {
                throw new TimeoutException("A rank did not come.");
            }

            if (!group._allCame)
            {
                throw new InvalidOperationException("A rank ended before the others.");
            }
        }
    }
}
