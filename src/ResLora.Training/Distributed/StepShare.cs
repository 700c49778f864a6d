using System.Globalization;
using ResLora.Formats.Errors;

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
        if (reduction == Reduction.Ordered || passes.Count % ranks.Size == 0)
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

    /// <summary>Refuses settings under which a rank would have nothing to do in any step.</summary>
    /// <param name="batchSize">Samples in a forward pass.</param>
    /// <param name="accumulationSteps">Forward passes in a step.</param>
    /// <param name="ranks">How many ranks there are.</param>
    /// <param name="reduction">How gradients are added up.</param>
    /// <exception cref="ConfigException">There are too many ranks.</exception>
    public static void Require(int batchSize, int accumulationSteps, int ranks, Reduction reduction)
    {
        if (reduction == Reduction.Ordered && accumulationSteps < ranks)
        {
            throw new ConfigException(string.Create(
                CultureInfo.InvariantCulture,
                $"training.reduction is ordered, which divides no forward pass, and {ranks} ranks share {accumulationSteps} of them; set training.accumulationSteps to {ranks} or more, and training.batchSize down to match."));
        }

        if ((long)batchSize * accumulationSteps < ranks)
        {
            throw new ConfigException(string.Create(
                CultureInfo.InvariantCulture,
                $"{ranks} ranks share the {batchSize * accumulationSteps} samples of a step; start as many ranks at most, or raise training.batchSize or training.accumulationSteps."));
        }
    }

    private static (int From, int To) Part(int count, int rank, int size) => (Bound(count, rank, size), Bound(count, rank + 1, size));

    private static int Bound(int count, int rank, int size) => (int)((long)count * rank / size);
}
