using System.Text;
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

        var names = ranks.Gather(Encoding.UTF8.GetBytes(mine is TrainingFailedException bad ? bad.TensorName : ""));
        if (mine is TrainingFailedException)
        {
            throw mine;
        }

        var first = names.ToList().FindIndex(name => name.Length > 0);
        throw first < 0
            ? mine ?? new OperationCanceledException("Another rank was stopped.")
            : failed(FormattableString.Invariant($"{Encoding.UTF8.GetString(names[first])} of rank {first} on {ranks.HostOf(first)}"));
    }
}
