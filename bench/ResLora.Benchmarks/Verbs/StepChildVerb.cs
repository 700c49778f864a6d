using System.CommandLine;
using System.Diagnostics;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Cli.Rendering;
using ResLora.Formats;
using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The hidden verb that a child process runs: see <see cref="StepChild"/>.</summary>
internal static class StepChildVerb
{
    // Enough that the first, which meets cold caches, does not count.
    private const int Sums = 100;

    /// <summary>Its name.</summary>
    public const string Name = "step-child";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var folder = new Option<string>("--folder") { Description = "The model folder.", Required = true };
        var variant = new Option<string>("--variant") { Description = "How steps are made.", Required = true };
        var (rank, shortcut, batch, tokens) = (
            StackOptions.Rank(), StackOptions.Shortcut(), StackOptions.Batch(2), StackOptions.Tokens(256));
        var steps = Numbers.Count("--steps", "How many steps.", 3);
        var threads = Numbers.Count("--threads", "Threads of libtorch.", 1);
        var checkpointing = new Option<bool>("--checkpointing") { Description = "Compute layers again in place of keeping them." };
        var verb = new Verb(Name, "What the other verbs run in a process of its own.") { folder, variant, rank, shortcut, batch, tokens, steps, threads, checkpointing };
        verb.Hidden = true;
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            set_num_threads(line.GetValue(threads));
            var model = ModelRegistry.LoadCausal(line.GetRequiredValue(folder));
            var rows = line.GetValue(batch);
            var samples = RandomTokens.Samples(rows, line.GetValue(tokens), model.VocabularySize);
            using var training = new TrainingCase(
                model, Variant.Parse(line.GetRequiredValue(variant)), StackOptions.Adapter(
                    line.GetValue(rank), line.GetRequiredValue(shortcut)), samples, line.GetValue(checkpointing), context.Ranks);
            var before = ProcessMemory.Now();
            var times = new List<double>();
            for (var step = 0; step < line.GetValue(steps); step++)
            {
                context.Stop.ThrowIfCancellationRequested();
                times.Add(Milliseconds(1, () => training.Step([.. Enumerable.Range(0, rows)])));
            }

            var after = ProcessMemory.Now();
            var gradients = new float[training.Adapted.TrainableParameters().Sum(parameter => parameter.Value.numel())];
            var result = new StepChildResult(before, after, times)
            {
                GradientBytes = gradients.Length * sizeof(float),
                SumMilliseconds = Milliseconds(Sums, () => context.Ranks.Sum(gradients)),
                LatencyMilliseconds = Milliseconds(Sums, () => context.Ranks.Any(false)),
            };
            context.Result(result, terminal => Tables.Line(terminal, ByteSize.Format(after.AnonymousPeak)));
            return ExitCode.Done;
        }, isShared: true);
    }

    private static double Milliseconds(int times, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / times;
    }
}
