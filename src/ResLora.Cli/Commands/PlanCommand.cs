using System.CommandLine;
using System.Globalization;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora plan</c>.</summary>
internal static class PlanCommand
{
    private const double MicrosecondsInSecond = 1e6, BytesInGigabit = 1e9 / 8;

    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var run = new RunArguments();
        var show = new Option<int>("--show")
        {
            Description = "Print the first samples with every token marked: trained, read, or cut off.",
            HelpName = "N",
        };
        var ranks = new Option<int[]>("--ranks")
        {
            Description = "What so many MPI ranks would make of the run; may be given several times (docs/distributed.md).",
            HelpName = "N",
        };
        var network = new Option<double>("--network")
        {
            Description = "For --ranks: gigabits a second between two of them.",
            HelpName = "GBIT",
            DefaultValueFactory = _ => 10,
        };
        var latency = new Option<double>("--latency")
        {
            Description = "For --ranks: microseconds until a message is there.",
            HelpName = "US",
            DefaultValueFactory = _ => 30,
        };
        var seconds = new Option<double?>("--step-seconds")
        {
            Description = "For --ranks: how long a step takes on one rank, as metrics.jsonl has it; then the speed is told.",
            HelpName = "S",
        };
        var verb = new Verb(
            "plan",
            "Show what a training run would do, without running it: layers, chains, parameters, data, steps and memory. No weights are read.",
            "plan samples/word-problems/reslora.yaml",
            "plan my.yaml --set adapter.targets=all-linear --json",
            "plan --model my-model --data questions.csv",
            "plan --model my-chat-model --data conversations.jsonl --show 3",
            "plan my.yaml --ranks 2 --ranks 8 --network 1 --step-seconds 12",
            "plan my.yaml --set training.parallel=pipeline --ranks 2")
        {
            show, ranks, network, latency, seconds,
        };
        run.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var count = line.GetValue(show);
            if (count < 0)
            {
                throw new ConfigException($"--show is {count}; it must be 0 or more.");
            }

            foreach (var (name, value) in new[] { ("--network", line.GetValue(network)), ("--latency", line.GetValue(latency)), ("--step-seconds", line.GetValue(seconds) ?? 1) }
                .Where(given => !(given.Item2 > 0 && double.IsFinite(given.Item2))))
            {
                throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be above 0."));
            }

            if (line.GetValue(ranks)?.Any(number => number < 1) == true)
            {
                throw new ConfigException("--ranks must be 1 or more.");
            }

            var settings = run.Read(line, context);
            var between = new NetworkSpeed(line.GetValue(latency) / MicrosecondsInSecond, line.GetValue(network) * BytesInGigabit);
            var report = PlanJob.Run(settings, count, new RanksQuestion(line.GetValue(ranks) ?? [], between, line.GetValue(seconds)));
            context.Result(report, terminal => PlanView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
