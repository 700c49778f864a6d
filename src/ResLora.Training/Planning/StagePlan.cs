using ResLora.Models;
using ResLora.Training.Memory;

namespace ResLora.Training.Planning;

/// <summary>What one process of a pipeline has to do.</summary>
/// <param name="Stage">Its place among them, from 0, which is its rank.</param>
/// <param name="Share">Its layers.</param>
/// <param name="PassesKept">Of how many forward passes it keeps the activations at a time.</param>
/// <param name="SentBytes">What the largest forward pass sends to the process behind; as much comes back as gradients, at most. 0 for the
/// last process; null where the network has no account of its memory.</param>
/// <param name="Memory">The memory that it takes at its peak; null where the network has no account of it.</param>
public sealed record StagePlan(int Stage, LayerShare Share, int PassesKept, long? SentBytes, MemoryEstimate? Memory)
{
    /// <summary>The memory that it takes with the weights that stay in their files, in bytes: with less of it they are read from the disk
    /// again in every pass.</summary>
    public long? BytesForSpeed => Memory?.Total + Memory?.MappedWeights;
}
