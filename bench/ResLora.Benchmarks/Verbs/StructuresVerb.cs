using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What shortcuts, and other methods than LoRA, cost while they train.</summary>
internal static class StructuresVerb
{
    private const string Plain = "plain LoRA";

    private static readonly (string Name, ShortcutConfig Shortcut)[] _structures =
    [
        (Plain, new ShortcutConfig()),
        ("input", new ShortcutConfig { Kind = ShortcutKind.Input }),
        ("block, m = 1", new ShortcutConfig { Kind = ShortcutKind.Block }),
        ("block, m = 4", new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = 4 }),
        ("block, all", new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = ShortcutConfig.AllPrevious }),
        ("middle, m = 1", new ShortcutConfig { Kind = ShortcutKind.Middle }),
        ("middle, m = 4", new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = 4 }),
        ("middle, all", new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = ShortcutConfig.AllPrevious }),
    ];

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama with { Layers = 6 });
        var (batch, tokens, rank, dtype) = (
            StackOptions.Batch(2), StackOptions.Tokens(256), StackOptions.Rank(), DataTypes.Option("bfloat16"));
        return BenchmarkVerb.Create(
            "structures",
            "What does a training step with each shortcut, and with each other method, cost over plain LoRA?",
            BenchmarkVerb.UsualRounds,
            [.. stack.All, batch, tokens, rank, dtype],
            (line, harness) =>
            {
                var shape = stack.Read(line);
                if (shape.Layers < 6)
                {
                    throw new ConfigException(
                        $"--layers is {shape.Layers}; with fewer than 6 layers four previous blocks are all there are.");
                }

                var variant = Variant.Default(DataTypes.Read(line, dtype));
                var (rows, length) = (line.GetValue(batch), line.GetValue(tokens));
                var samples = RandomTokens.Samples(rows, length, shape.Vocabulary);
                using var drawn = new DrawnModel(shape);
                var plain = new AdapterConfig { Targets = TargetModules.Suffixes("q_proj", "v_proj"), Rank = line.GetValue(rank), Alpha = 2 * line.GetValue(rank) };
                var adapters = _structures.Select(s => (s.Name, Adapter: plain with { Shortcut = s.Shortcut }))
                    .Concat(
                        AdapterMethods.All.Where(m => m != AdapterMethods.Lora).Select(
                            m => (Name: m.Title, Adapter: plain with { Method = m.Name })));
                var cases = adapters.Select(
                    a => (a.Name, Case: new TrainingCase(drawn.Load(variant.DataType), variant, a.Adapter, samples))).ToArray();
                int[] all = [.. Enumerable.Range(0, rows)];
                try
                {
                    var times = harness.Measure([.. cases.Select(c => new Contender(c.Name, () => c.Case.Step(all)))]);
                    return new Findings(new ReportTable("structures", [.. cases.Select(c => new ReportRow(
                        c.Name, new(Figure.Milliseconds, times[c.Name]), new(
                            Figure.TokensPerSecond, times[c.Name].Map(time => 1000.0 * rows * length / time))))]))
                    {
                        Settings = new Dictionary<string, object>(
                            [.. shape.Settings(), new("batch", rows), new("tokens", length), new("rank", line.GetValue(rank)), new("variant", variant.Name)]),
                        Ratios = [.. cases.Skip(1).Select(
                            c => new Ratio(c.Name, Plain, Figure.Milliseconds, times[c.Name].Over(times[Plain])))],
                    };
                }
                finally
                {
                    foreach (var (_, training) in cases)
                    {
                        training.Dispose();
                    }
                }
            });
    }
}
