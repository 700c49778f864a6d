namespace ResLora.Training.Distributed;

/// <summary>
/// What data parallel training on several ranks costs in a step, from latency, bandwidth and the bytes of a step's gradients. It leaves out
/// that ranks wait for the slowest of them, which no model knows.
/// </summary>
/// <param name="GradientBytes">The bytes of the gradients of what is trained, 4 for each number.</param>
/// <param name="Latency">Seconds until the first byte of a message is there.</param>
/// <param name="Bandwidth">Bytes a second between two ranks.</param>
public sealed record ScalingModel(long GradientBytes, double Latency, double Bandwidth)
{
    // Of a step: whether to stop, the number of targets, whether a number is bad, the losses, the sizes of activations (two).
    private const int SmallMessages = 6;

    /// <summary>Seconds of a step in which ranks talk.</summary>
    /// <param name="ranks">How many ranks, at least 1.</param>
    /// <returns>The seconds; 0 for one rank.</returns>
    public double TalkSeconds(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        if (ranks == 1)
        {
            return 0;
        }

        // As MPI libraries choose: by doubling for few bytes, around a ring for many.
        var rounds = Math.Ceiling(Math.Log2(ranks));
        var doubling = rounds * (Latency + (GradientBytes / Bandwidth));
        var ring = 2.0 * (ranks - 1) * (Latency + (GradientBytes / (ranks * Bandwidth)));
        return Math.Min(doubling, ring) + (SmallMessages * rounds * Latency);
    }
}
