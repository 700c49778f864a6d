using System.CommandLine;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Cli;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What all benchmarks have in common: their options, the description of the machine, and where the results go.</summary>
internal static class BenchmarkVerb
{
    /// <summary>The rounds that count where a benchmark has no reason for another number.</summary>
    public const int UsualRounds = 7;

    /// <summary>Makes a benchmark.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="question">What it answers, in a sentence.</param>
    /// <param name="rounds">The default of <c>--rounds</c>.</param>
    /// <param name="options">Its own options.</param>
    /// <param name="body">Measures.</param>
    public static Verb Create(
        string name, string question, int rounds, IEnumerable<Option> options, Func<ParseResult, Harness, Findings> body)
    {
        var count = Numbers.Count("--rounds", "How many rounds count; one more goes before them and is left out.", rounds);
        var threads = Numbers.Count("--threads", "Threads of libtorch; 0 leaves the choice to it.", 0, smallest: 0);
        var output = new Option<string?>("--output") { Description = "Write the JSON document to this file as well.", HelpName = "FILE" };
        var verb = new Verb(name, question) { count, threads, output };
        foreach (var option in options)
        {
            verb.Add(option);
        }

        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            if (line.GetValue(threads) is > 0 and var wanted)
            {
                set_num_threads(wanted);
            }

            var (machine, started) = (Machine.Describe(), DateTime.UtcNow);
            var harness = new Harness(line.GetValue(count), context.Log, context.Stop);
            var report = new BenchmarkReport(name, question, started, machine, harness.Rounds, body(line, harness));
            // Shown first: a disk that refuses must not cost the measurement.
            context.Result(report.ToJson(), terminal => ReportView.Draw(report, terminal));
            return line.GetValue(output) is { } file ? Write(file, report, context) : ExitCode.Done;
        });
    }

    private static int Write(string file, BenchmarkReport report, CommandContext context)
    {
        try
        {
            AtomicFile.WriteText(file, report.ToText());
            return ExitCode.Done;
        }
        catch (ConfigException error)
        {
            context.Log(error.Message);   // not thrown: standard output holds its document already
            return ExitCode.BadInput;
        }
    }
}
