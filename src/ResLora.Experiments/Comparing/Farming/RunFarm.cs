using System.Globalization;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>
/// The ranks as rank 0 has them: each does one run, or one test, at a time, rank 0 among them. The others are in
/// <see cref="FarmHand.Work(ICommunicator, CancellationToken)"/> meanwhile.
/// </summary>
public sealed class RunFarm : IDisposable
{
    private const string MarkFile = "ranks.check";

    /// <summary>Meets the others, who are free to wait from now on: for a plan or for a run.</summary>
    /// <param name="ranks">The ranks, of which this process is number 0.</param>
    /// <exception cref="RanksException">One does not come.</exception>
    public RunFarm(ICommunicator ranks)
        : this(ranks, (task, end) => task.Answer(ranks, end))
    {
    }

    /// <summary>Meets the others.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="work">Does the tasks of rank 0.</param>
    internal RunFarm(ICommunicator ranks, Func<FarmTask, CancellationToken, FarmAnswer> work)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        RollCall.Require(ranks, new Dictionary<string, string>());
        string NameOf(int rank) => string.Create(CultureInfo.InvariantCulture, $"rank {rank} ({ranks.HostOf(rank)})");
        Places =
        [
            new OwnPlace(NameOf(0), work),
            .. Enumerable.Range(1, ranks.Size - 1).Select(rank => new RankPlace(ranks, rank, NameOf(rank))),
        ];
    }

    /// <summary>The ranks, in their order.</summary>
    internal IReadOnlyList<IFarmPlace> Places { get; }

    /// <summary>Lets the others go, who must have nothing to do.</summary>
    public void Dispose()
    {
        foreach (var place in Places.OfType<RankPlace>())
        {
            place.Dispose();
        }
    }

    /// <summary>Refuses ranks that lack something, all of them by name.</summary>
    /// <param name="folder">The folder that all runs are below, which is there.</param>
    /// <param name="files">Where model and data lie, by what they are.</param>
    /// <param name="sources">Their digests, by the same names.</param>
    /// <param name="sizes">What runs take.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ConfigException">There are some.</exception>
    internal void Require(
        string folder, IReadOnlyDictionary<string, string> files, IReadOnlyDictionary<string, string> sources, IEnumerable<RunSize> sizes,
        CancellationToken stop)
    {
        var task = new CheckTask(
            Path.Combine(folder, MarkFile), Guid.NewGuid().ToString(), files, sources, JobCount.MemoryOfLargest(sizes))
        { Title = "The check of all ranks" };
        AtomicFile.WriteText(task.Mark, task.Text);
        try
        {
            var answers = new FarmAnswer[Places.Count];
            SideBySide.Do(Enumerable.Range(0, Places.Count), Places, (i, _, end) => answers[i] = Places[i].Do(task, end), stop);
            ConfigBinder.ThrowIfAny(
                "The ranks", [.. Places.Zip(answers).Where(pair => pair.Second.End is not (FarmEnd.Done or FarmEnd.Interrupted))
                    .Select(pair => $"{pair.First.Name}: {pair.Second.Text}")]);
            stop.ThrowIfCancellationRequested();
        }
        finally
        {
            File.Delete(task.Mark);
        }
    }

    /// <summary>Has a task done, by another rank where something breaks on the first.</summary>
    /// <param name="place">The rank.</param>
    /// <param name="task">The task.</param>
    /// <param name="progress">Is told of what breaks; null for nobody.</param>
    /// <param name="stop">Asks for its end, which is waited for.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ConfigException">Settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="RanksException">The rank is lost.</exception>
    internal T Do<T>(IFarmPlace place, FarmTask task, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var answer = place.Do(task, stop);
        if (answer.End == FarmEnd.Broken)
        {
            var other = Places[(Places.ToList().IndexOf(place) + 1) % Places.Count];
            progress?.Report(new Note(0, $"{task.Title} failed on {place.Name}, and is tried again on {other.Name}: {answer.Text}"));
            stop.ThrowIfCancellationRequested();
            var first = answer;
            answer = other.Do(task, stop);
            if (answer.End == FarmEnd.Broken)
            {
                throw new RunFailedException(
                    $"{task.Title} failed on {place.Name}: {first.Text} "
                    + $"It failed on {other.Name} again: {answer.Text} What was saved before is kept.");
            }
        }

        return answer.End switch
        {
            FarmEnd.Done => JsonSerializer.Deserialize<T>(answer.Text, ComparisonJson.Options)!,
            FarmEnd.Interrupted => throw new OperationCanceledException(answer.Text),
            FarmEnd.Failed => throw new RunFailedException(answer.Text),
            _ => throw new ConfigException($"{task.Title} on {place.Name}: {answer.Text}"),
        };
    }
}
