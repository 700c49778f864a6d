using ResLora.Training.Distributed;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>A rank above 0, which does what number 0 asks for. It knows nothing of the comparison.</summary>
public static class FarmHand
{
    /// <summary>Works until number 0 has no more to do.</summary>
    /// <param name="ranks">The ranks; number 0 has a <see cref="RunFarm"/>.</param>
    /// <param name="stop">Ends what it does, a run with a checkpoint; number 0 is told.</param>
    /// <exception cref="Formats.Errors.ConfigException">It is of another version than number 0.</exception>
    /// <exception cref="RanksException">Number 0 is lost.</exception>
    public static void Work(ICommunicator ranks, CancellationToken stop) => Work(ranks, (task, end) => task.Answer(ranks, end), stop);

    /// <summary>Works until number 0 has no more to do.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="work">Does a task.</param>
    /// <param name="stop">Ends what it does.</param>
    internal static void Work(ICommunicator ranks, Func<FarmTask, CancellationToken, FarmAnswer> work, CancellationToken stop)
    {
        RollCall.Require(ranks, new Dictionary<string, string>());
        var end = new CancellationTokenSource();
        Task<FarmAnswer>? hand = null;
        while (true)
        {
            var question = FarmMessage.Receive<FarmQuestion>(ranks, 0);
            if (question.Leaves)
            {
                return;
            }

            if (question.Task is { } task)
            {
                end.Dispose();
                end = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var token = end.Token;
                hand = Task.Factory.StartNew(
                    () => work(task, token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            if (question.Stops)
            {
                end.Cancel();
            }

            var answer = hand is { IsCompleted: true } ? hand.GetAwaiter().GetResult() : null;
            FarmMessage.Send(ranks, new FarmReply(answer), 0);
            hand = answer is null ? hand : null;
        }
    }
}
