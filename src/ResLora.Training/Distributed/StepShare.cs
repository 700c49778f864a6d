namespace ResLora.Training.Distributed;

/// <summary>
/// The part of a step's samples that one rank computes: whole forward passes where they go round evenly, else as many samples as the
/// others. What the step learns from is the same on any number of ranks.
/// </summary>
/// <param name="Passes">The rank's forward passes, as indices of samples; none where samples are fewer than ranks.</param>
/// <param name="First">The place of its first pass among those of all ranks.</param>
/// <param name="Total">How many passes all ranks make together.</param>
internal sealed record StepShare(IReadOnlyList<int[]> Passes, int First, int Total)
{
    /// <summary>Shares a step out.</summary>
    /// <param name="passes">The forward passes that one process would make.</param>
    /// <param name="ranks">Who shares.</param>
    /// <param name="reduction">How gradients are added up.</param>
    public static StepShare Of(IReadOnlyList<int[]> passes, ICommunicator ranks, Reduction reduction)
    {
        if (KeepsPassesWhole(passes.Count, ranks.Size, reduction))
        {
            var (first, end) = Part(passes.Count, ranks.Rank, ranks.Size);
            return new StepShare([.. passes.Skip(first).Take(end - first)], first, passes.Count);
        }

        int[] samples = [.. passes.SelectMany(pass => pass)];
        var counts = Enumerable.Range(0, ranks.Size).Select(rank => PassesOf(samples.Length, rank)).ToArray();
        var (from, to) = Part(samples.Length, ranks.Rank, ranks.Size);
        return new StepShare(
            [.. samples[from..to].Chunk(passes[0].Length)], counts.Take(ranks.Rank).Sum(), counts.Sum());

        int PassesOf(int all, int rank)
        {
            var (start, stop) = Part(all, rank, ranks.Size);
            return (stop - start + passes[0].Length - 1) / passes[0].Length;
        }
    }

    /// <summary>Whether ranks share whole forward passes: they must, or these go round evenly.</summary>
    /// <param name="passes">The forward passes of the step.</param>
    /// <param name="ranks">How many ranks share them.</param>
    /// <param name="reduction">How gradients are added up.</param>
    public static bool KeepsPassesWhole(int passes, int ranks, Reduction reduction) =>
        reduction == Reduction.Ordered || passes % ranks == 0;

    private static (int From, int To) Part(int count, int rank, int size) => (Bound(count, rank, size), Bound(count, rank + 1, size));

    private static int Bound(int count, int rank, int size) => (int)((long)count * rank / size);
}
