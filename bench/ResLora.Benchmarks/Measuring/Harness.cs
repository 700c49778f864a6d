using System.Diagnostics;

namespace ResLora.Benchmarks.Measuring;

/// <summary>
/// Times cases round robin: A, B, C, A, B, C, … What slows the machine down for a while then hits all of them, and ratios hold
/// where absolute times do not. The first round warms up and is left out.
/// </summary>
/// <param name="rounds">The rounds that count, 1 or more.</param>
/// <param name="log">Is told how far it is.</param>
/// <param name="stop">Ends the run between two timings.</param>
internal sealed class Harness(int rounds, Action<string> log, CancellationToken stop)
{
    /// <summary>The rounds that count.</summary>
    public int Rounds => rounds;

    /// <summary>Ends the run.</summary>
    public CancellationToken Stop => stop;

    /// <summary>A line for who waits.</summary>
    public void Log(string text) => log(text);

    /// <summary>Times all cases.</summary>
    /// <param name="contenders">The cases, one or more.</param>
    /// <returns>Milliseconds of each case by its name, a number a round.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyDictionary<string, Spread> Measure(IReadOnlyList<Contender> contenders)
    {
        var times = contenders.ToDictionary(c => c.Name, _ => new List<double>(), StringComparer.Ordinal);
        for (var round = 0; round <= rounds; round++)
        {
            log(round == 0 ? $"warm-up of {contenders.Count} cases" : $"round {round} of {rounds}");
            foreach (var contender in contenders)
            {
                stop.ThrowIfCancellationRequested();
                var milliseconds = Time(contender);
                if (round > 0)
                {
                    times[contender.Name].Add(milliseconds);
                }
            }
        }

        return times.ToDictionary(t => t.Key, t => new Spread(t.Value), StringComparer.Ordinal);
    }

    private static double Time(Contender contender)
    {
        contender.Prepare?.Invoke();
        try
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < contender.Repeats; i++)
            {
                contender.Run();
            }

            return Stopwatch.GetElapsedTime(start).TotalMilliseconds / contender.Repeats;
        }
        finally
        {
            contender.Finish?.Invoke();
        }
    }
}
