using ResLora.Training.Distributed;

namespace ResLora.Training.Loop;

/// <summary>Work that goes wrong in one rank ends in all: else the others would wait for it without an end.</summary>
internal static class Agreement
{
    /// <summary>Does work in every rank and waits for all of them.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="work">What each does; it must not wait for another rank after it failed.</param>
    /// <param name="failed">Makes the failure of the others from a tensor's name and where it is.</param>
    /// <returns>What this rank's work gave.</returns>
    /// <exception cref="OperationCanceledException">One was stopped.</exception>
    public static T Of<T>(ICommunicator ranks, Func<T> work, Func<string, Exception> failed)
    {
        T result = default!;
        Exception? mine = null;
        try
        {
            result = work();
        }
        catch (Exception error) when (error is TrainingFailedException or OperationCanceledException)
        {
            mine = error;
        }

        if (!ranks.Any(mine is not null))
        {
            return result;
        }

        var first = ranks.FirstNamed((mine as TrainingFailedException)?.TensorName);
        throw mine as TrainingFailedException
            ?? (first is null ? mine ?? new OperationCanceledException("Another rank was stopped.") : failed(first));
    }
}
