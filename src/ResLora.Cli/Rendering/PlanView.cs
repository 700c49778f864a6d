using System.Globalization;
using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Memory;
using ResLora.Training.Planning;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what a run will do.</summary>
internal static class PlanView
{
    /// <summary>Draws it.</summary>
    public static void Draw(PlanReport report, IAnsiConsole terminal)
    {
        if (report.Layers.Count > 0)
        {
            var table = Tables.Of("layers with a block", "count>", "inputs>", "outputs>");
            foreach (var group in report.Layers)
            {
                table.Row(group.Suffix, Tables.Count(group.Modules.Count), Tables.Count(group.Inputs), Tables.Count(group.Outputs));
            }

            terminal.Write(table);
        }

        terminal.Write(Tables.Facts(Facts(report)));
        foreach (var line in Cuts(report))
        {
            Tables.Sentence(terminal, line);
        }

        DrawRanks(report, terminal);
        foreach (var pipeline in report.Pipelines)
        {
            PipelineView.Draw(pipeline, terminal);
        }

        foreach (var sample in report.Shown)
        {
            terminal.Write(new SampleTokens(sample));
        }
    }

    private static void DrawRanks(PlanReport report, IAnsiConsole terminal)
    {
        if (report.Ranks.Count == 0)
        {
            return;
        }

        const string unknown = "not known";
        var table = Tables.Of("ranks>", "samples a rank>", "gradients a step>", "talking a step>", "a step>", "of N times one rank>");
        foreach (var plan in report.Ranks)
        {
            table.Row(
                Tables.Count(plan.Ranks), Tables.Count(plan.SamplesPerRank), ByteSize.Format(plan.GradientBytes),
                string.Create(CultureInfo.InvariantCulture, $"{plan.TalkSeconds * 1e3:0.##} ms"),
                plan.StepSeconds is { } step ? string.Create(CultureInfo.InvariantCulture, $"{step:0.###} s") : unknown,
                plan.Efficiency is { } share ? Tables.Percent(share) : unknown);
        }

        terminal.Write(table);
    }

    /// <summary>The plan without its table, as it is shown when training begins.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Facts(PlanReport report)
    {
        string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        var (run, memory) = (report.Run, report.Run.Memory);
        return
        [
            new("model", report.Model),
            new("adapter", Adapter(report)),
            new("trained", Text(
                $"{run.TrainableParameters:N0} of {run.AllParameters:N0} parameters ({Tables.Percent((double)run.TrainableParameters / run.AllParameters)})")),
            new("chains", Chains(report)),
            .. report.DataFacts,
            .. report.Head is { } head ? [new("head", Head(head, report.NewModules))] : Array.Empty<KeyValuePair<string, string>>(),
            new("steps", Text(
                $"{run.Steps:N0}, {(double)run.Steps / run.StepsPerEpoch:0.##} passes over the data; warm-up in the first {run.WarmupSteps}")),
            .. run.Ema is { } decay ? [new(
                "average",
                Text($"of what is trained, decay {decay}: it is evaluated and saved"))] : Array.Empty<KeyValuePair<string, string>>(),
            new("device", report.Device),
            new("memory", Memory(memory)),
            .. Share(run),
            .. run.Choice is { } choice ? [new("limit", Limit(choice))] : Array.Empty<KeyValuePair<string, string>>(),
            .. Room(run) is { } room ? [new("room", room)] : Array.Empty<KeyValuePair<string, string>>(),
        ];
    }

    private static string Memory(MemoryEstimate? memory) => memory is null
        ? "not known: there is no account of what such a run takes"
        : $"about {ByteSize.Format(memory.Total)} (program {ByteSize.Format(memory.Program)}, " +
        $"base {ByteSize.Format(memory.BaseWeights)}, trained {ByteSize.Format(memory.Trained)}, " +
        $"activations {ByteSize.Format(memory.Activations)}, loss and gradients {ByteSize.Format(memory.Passing)})" +
        (memory.MappedWeights == 0 ? "" : $"; {ByteSize.Format(memory.MappedWeights)} of base weights stay in their files");

    /// <summary>What there is to say of the memory beyond what is in use; null for nothing.</summary>
    private static string? Room(RunPlan run) =>
        run.AvailableMemory is { } free && free < run.Memory?.Total
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"only {ByteSize.Format(free)} of memory are free, and the run may be slow or be ended by the system; " +
                $"try --max-memory {free * 9 / 10 / 1_000_000}MB")
            : Allocator.KeepsFreedMemory && run is { KeepsFreedMemory: true, Memory: { } memory }
                ? $"freed memory is kept, for speed: up to {ByteSize.Format(memory.TotalWithFreed)} in all"
                : null;

    /// <summary>That the memory is of a share, in a pipeline; the processes have about as many weights each.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Share(RunPlan run) => run.Stages.Count == 0 ? [] :
    [
        new("pipeline", $"the layers are shared out: {string.Join(", ", run.Stages.Select(PipelineView.Layers))}; "
            + "the memory is that of rank 0"),
    ];

    /// <summary>How a limit on memory was kept, in words.</summary>
    public static string Limit(MemoryChoice choice) => choice.Wanted <= choice.Limit
        ? $"{ByteSize.Format(choice.Limit)}: the settings fit as they are"
        : $"{ByteSize.Format(choice.Limit)}: the settings alone take {ByteSize.Format(choice.Wanted)}, " +
            $"so {MemoryChoice.Describe(choice.Config, choice.TurnsPackingOn)} are used; a step has as many samples as before";

    private static string Head(ModelHead head, IReadOnlyList<string> drawn)
    {
        var outputs = head.Outputs == 1 ? "1 output" : $"{head.Outputs} outputs";
        return drawn.Count == 0
            ? $"{outputs}, of the base model"
            : $"{outputs}; the base model lacks {string.Join(" and ", drawn)}: drawn from the seed, trained and saved";
    }

    /// <summary>Where chains are cut, a sentence each; those that are cut at one place for one reason are told together.</summary>
    public static IEnumerable<string> Cuts(PlanReport report) => (HasShortcuts(report) ? report.Run.Breaks : [])
        .GroupBy(found => (Place: PlaceOf(found), found.Reason))
        .Select(group => group.ToArray() is [var single]
            ? $"A chain is cut between {single.From} and {single.To}: {single.Reason}."
            : $"Chains are cut between {group.Key.Place.From} and {group.Key.Place.To} " +
                $"({string.Join(", ", group.Select(found => found.From[(group.Key.Place.From.Length + 1)..]))}): {group.Key.Reason}.");

    private static bool HasShortcuts(PlanReport report) => report.Adapter is not { Shortcut.Kind: ShortcutKind.None };

    /// <summary>What two names have before their common end.</summary>
    private static (string From, string To) PlaceOf(ChainBreak found)
    {
        var (from, to) = (found.From.Split('.'), found.To.Split('.'));
        var common = from.Reverse().Zip(to.Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        common = Math.Min(common, Math.Min(from.Length, to.Length) - 1);
        return (string.Join('.', from[..^common]), string.Join('.', to[..^common]));
    }

    private static string Adapter(PlanReport report) => report.Adapter switch
    {
        null => "none: all weights are trained",
        { Shortcut.Kind: ShortcutKind.None } plain =>
            $"{plain.Kind.Title}{(plain.Kind.HasRank ? $", rank {plain.Rank}" : "")}, on {report.Run.Modules.Count} layers ({plain.Targets})",
        var joined =>
            $"ResLoRA{(joined.Kind == AdapterMethods.Lora ? "" : $" on {joined.Kind.Title}")} " +
            $"with the {joined.Shortcut.Kind.ToString().ToLowerInvariant()} shortcut, rank {joined.Rank}, " +
            $"on {report.Run.Modules.Count} layers ({joined.Targets})",
    };

    private static string Chains(PlanReport report) => report.Adapter is null or { Shortcut.Kind: ShortcutKind.None }
        ? "none: no shortcuts"
        : string.Join(", ", report.Run.Chains
            .GroupBy(chain => chain.Name, chain => chain.Blocks.Count)
            .Select(chains => $"{chains.Key} ({string.Join(", ", chains)})"));
}
