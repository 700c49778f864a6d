using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What training takes of memory.</summary>
internal static class MemoryVerb
{
    private static readonly bool[] _checkpointing = [false, true];

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var (batch, rank, shortcut) = (StackOptions.Batch(2), StackOptions.Rank(), StackOptions.Shortcut());
        var lengths = Numbers.Counts("--lengths", "T, tokens of a sample; several.", "128,256,512,1024");
        return BenchmarkVerb.Create(
            "memory",
            "How much memory do training steps take, by length, with and without gradient checkpointing?",
            rounds: 1,
            [.. stack.All, batch, rank, shortcut, lengths],
            (line, harness) =>
            {
                var shape = stack.Read(line);
                var adapter = StackOptions.Adapter(line.GetValue(rank), line.GetValue(shortcut)!);
                using var drawn = new DrawnModel(shape);
                (string Name, StepChild Child)[] cases =
                [
                    .. from tokens in Numbers.Read(line, lengths, smallest: 2)
                       from checkpointing in _checkpointing
                       from variant in Variant.InBFloat16
                       select ($"{variant.Name}, {tokens} tokens{(checkpointing ? ", checkpointing" : "")}",
                           new StepChild(
                               drawn.Folder(variant.DataType),
                               variant,
                               adapter,
                               line.GetValue(batch),
                               tokens) { Checkpointing = checkpointing }),
                ];
                var results = cases.Select(_ => new List<StepChildResult>()).ToArray();
                for (var round = 1; round <= harness.Rounds; round++)
                {
                    for (var i = 0; i < cases.Length; i++)
                    {
                        harness.Log($"round {round} of {harness.Rounds}: {cases[i].Name}");
                        results[i].Add(cases[i].Child.Run(harness.Stop));
                    }
                }

                var rows = cases.Select((c, i) => StepChild.Row(c.Name, results[i])).ToArray();
                return new Findings(new ReportTable("memory", rows))
                {
                    Settings = new Dictionary<string, object>(
                        [.. shape.Settings(), new("batch", line.GetValue(batch)), new("rank", adapter.Rank), new("shortcut", adapter.Shortcut.Kind.ToString().ToLowerInvariant())]),
                    WarmUpRounds = 0,
                    Ratios = [.. Ratios(cases, rows)],
                    Notes =
                    [
                        "Each number is of a process of its own, since a peak cannot be taken back.",
                        "Weights are mapped from their file: they are page cache, in 'of files', and not in the anonymous peak.",
                        .. Variant.Notes,
                    ],
                };
            });
    }

    /// <summary>Checkpointing over none, and eager over fast: cases that differ in one thing.</summary>
    private static IEnumerable<Ratio> Ratios((string Name, StepChild Child)[] cases, ReportRow[] rows) =>
        from one in Enumerable.Range(0, cases.Length)
        from other in Enumerable.Range(0, cases.Length)
        let a = cases[one].Child
        let b = cases[other].Child
        where a.Tokens == b.Tokens
            && ((a.Checkpointing && !b.Checkpointing && a.Variant == b.Variant)
                || (a.Checkpointing == b.Checkpointing && !a.Variant.IsFused && b.Variant.IsFused))
        select new Ratio(
            cases[one].Name, cases[other].Name, Figure.AddedBySteps, rows[one].Measures[0].Value.Over(rows[other].Measures[0].Value));
}
