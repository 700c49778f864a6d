using System.Globalization;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Training.Distributed;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>A step on one process with all threads, against one process a thread that share the step by MPI.</summary>
internal static class RanksVerb
{
    private const int UsualRounds = 5;

    // The first two of a process meet cold caches and new memory.
    private const int Steps = 7, ColdSteps = 2;

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var ranks = Numbers.Count("--ranks", "How many processes share a step.", 2);
        var (rank, shortcut, batch, tokens) = (
            StackOptions.Rank(), StackOptions.Shortcut(), StackOptions.Batch(2), StackOptions.Tokens(512));
        var stack = new StackOptions(StackShape.TinyLlama);
        return BenchmarkVerb.Create(
            "ranks",
            "How long is a training step that processes of one thread share by MPI, against one process with as many threads?",
            UsualRounds,
            [ranks, rank, shortcut, batch, tokens, .. stack.All],
            (line, harness) =>
            {
                using var model = new DrawnModel(stack.Read(line));
                var child = new StepChild(
                    model.Folder(ScalarType.BFloat16), Variant.Fast, StackOptions.Adapter(line.GetValue(rank), line.GetRequiredValue(shortcut)),
                    line.GetValue(batch), line.GetValue(tokens))
                {
                    Steps = Steps,
                };
                return Measure(harness, child, line.GetValue(ranks));
            });
    }

    private static Findings Measure(Harness harness, StepChild child, int count)
    {
        // One rank on its share of the step, which the model of scaling starts from.
        var part = child with { Batch = Math.Max(1, child.Batch / count), Threads = 1 };
        string[] launcher =
            ["mpirun", "-np", count.ToString(CultureInfo.InvariantCulture), "--oversubscribe", "--allow-run-as-root"];
        var (alone, shared, parts, sums, latencies) = (
            new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var bytes = 0L;
        for (var round = 0; round <= harness.Rounds; round++)
        {
            harness.Log(round == 0 ? "warming up" : $"round {round} of {harness.Rounds}");
            var threads = (child with { Threads = count }).Run(harness.Stop);
            var mineAlone = part.Run(harness.Stop);
            var ranks = ChildProcess.Run<StepChildResult>(launcher, (child with { Threads = 1 }).Arguments, harness.Stop);
            if (round == 0)
            {
                continue;
            }

            alone.Add(Median(threads));
            parts.Add(Median(mineAlone));
            shared.Add(Median(ranks));
            sums.Add(ranks.SumMilliseconds);
            latencies.Add(ranks.LatencyMilliseconds);
            bytes = ranks.GradientBytes;
        }

        var (one, many, mine) = (new Spread(alone), new Spread(shared), new Spread(parts));
        var (process, processes) = ($"one process, {count} threads", $"{count} ranks, 1 thread each");
        var latency = new Spread(latencies).Median / 1e3;
        // Around a ring of two, all bytes go once each way.
        var bandwidth = bytes / Math.Max(1e-6, (new Spread(sums).Median / 1e3) - latency);
        var scaling = new ScalingModel(bytes, latency, bandwidth);
        return new Findings(new ReportTable(
            "step",
            [
                new ReportRow(process, new Measure(Figure.Milliseconds, one)),
                new ReportRow(processes, new Measure(Figure.Milliseconds, many)),
                new ReportRow("one rank's share alone", new Measure(Figure.Milliseconds, mine)),
                new ReportRow($"adding up {bytes / 1e6:0.0} MB of gradients", new Measure(Figure.Milliseconds, new Spread(sums))),
                new ReportRow("adding up one number", new Measure(Figure.Milliseconds, new Spread(latencies))),
            ]))
        {
            Ratios = [new Ratio(process, processes, Figure.Milliseconds, one.Over(many))],
            Notes =
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The model of scaling, from one rank's share, latency and bandwidth, says {mine.Median + (1e3 * scaling.TalkSeconds(count)):0} ms for {count} ranks; {many.Median:0} ms were measured."),
            ],
        };
    }

    private static double Median(StepChildResult result) => new Spread([.. result.StepMilliseconds.Skip(ColdSteps)]).Median;
}
