namespace ResLora.Training.Distributed.Pipeline;

/// <summary>What a stage does with a micro-batch, in this order.</summary>
internal enum StageCall
{
    /// <summary>Takes the activations of the stage before, if there is one.</summary>
    Receive,

    /// <summary>Runs its layers, and sends their activations to the stage behind, if there is one.</summary>
    Forward,

    /// <summary>Takes the gradients of what it has sent, if it has, and makes those of its layers.</summary>
    Backward,

    /// <summary>Sends the gradients of what it has received, if it has, and is done with the micro-batch.</summary>
    Return,
}

/// <summary>
/// The order in which a stage of a pipeline works through the micro-batches of a step: one forward, one backward (Narayanan et al.,
/// arXiv:2104.04473, section 2.2). Each backward pass comes as early as it can, so that stage s of S keeps the activations of at most S − s
/// micro-batches for its share of the layers, however many a step has: no stage keeps more than one process does for one micro-batch.
/// </summary>
/// <remarks>
/// A message may block its sender until the other stage receives it. Still nobody waits for ever: let the activations of micro-batch i that
/// stage s sends have the time 4 i + 2 s, and the gradients of micro-batch i that it receives the time 4 i + 4 S − 2 s − 3. In every stage
/// the calls of this order have rising times, so that of all messages that are not through yet the two ends of the earliest one both come to
/// it. For this a stage takes the next activations before it gives its gradients away.
/// </remarks>
internal static class MicroBatchSchedule
{
    /// <summary>Of how many micro-batches a stage keeps the activations at most.</summary>
    /// <param name="stage">The stage, from 0.</param>
    /// <param name="stages">How many there are.</param>
    /// <param name="count">The micro-batches of the step.</param>
    public static int MostKept(int stage, int stages, int count) => Math.Min(stages - stage, count);

    /// <summary>The order.</summary>
    /// <param name="stage">The stage, from 0.</param>
    /// <param name="stages">How many there are.</param>
    /// <param name="count">The micro-batches of the step.</param>
    /// <returns>What is done with which micro-batch.</returns>
    public static IEnumerable<(StageCall Call, int MicroBatch)> Of(int stage, int stages, int count)
    {
        var held = MostKept(stage, stages, count);
        for (var i = 0; i < held; i++)
        {
            yield return (StageCall.Receive, i);
            yield return (StageCall.Forward, i);
        }

        for (var i = 0; i < count; i++)
        {
            yield return (StageCall.Backward, i);
            var next = i + held;
            if (next < count)
            {
                yield return (StageCall.Receive, next);
            }

            yield return (StageCall.Return, i);
            if (next < count)
            {
                yield return (StageCall.Forward, next);
            }
        }
    }
}
