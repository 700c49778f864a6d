using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The time of a training step, against what the machine could do and against other ways to do it.</summary>
internal static class StepVerb
{
    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var (batch, tokens, rank, shortcut) = (
            StackOptions.Batch(2), StackOptions.Tokens(256), StackOptions.Rank(), StackOptions.Shortcut());
        var steps = Numbers.Count(
            "--steps", "Steps on a tiny model that look for tensors left over; 10 or fewer leave this out.", 1000, smallest: 0);
        var noMemory = new System.CommandLine.Option<bool>("--no-memory")
        {
            Description = "Leave out the peaks of memory, each of which takes a process of its own.",
        };
        return BenchmarkVerb.Create(
            "step",
            "How long is a training step, how near to the machine's matrix products, what does it leave behind "
                + "and how much memory does it take?",
            BenchmarkVerb.UsualRounds,
            [.. stack.All, batch, tokens, rank, shortcut, steps, noMemory],
            (line, harness) =>
            {
                var shape = stack.Read(line);
                var adapter = StackOptions.Adapter(line.GetValue(rank), line.GetValue(shortcut)!);
                var (rows, length) = (line.GetValue(batch), line.GetValue(tokens));
                using var drawn = new DrawnModel(shape);
                var findings = Times(harness, shape, drawn, adapter, rows, length);
                var tables = new List<ReportTable>(findings.Tables);
                if (line.GetValue(steps) is > LeakCheck.First and var last)
                {
                    tables.Add(new ReportTable("leaks", LeakCheck.Run(harness, adapter, last)));
                }

                if (!line.GetValue(noMemory))
                {
                    tables.Add(new ReportTable("memory", [.. Variant.All.Select(variant => StepChild.Row(
                        harness, variant.Name, 1, new StepChild(drawn.Folder(variant.DataType), variant, adapter, rows, length)))]));
                }

                return findings with
                {
                    Tables = tables,
                    Settings = new Dictionary<string, object>(findings.Settings) { ["leakSteps"] = line.GetValue(steps) },
                };
            });
    }

    private static Findings Times(Harness harness, StackShape shape, DrawnModel drawn, AdapterConfig adapter, int rows, int length)
    {
        var samples = RandomTokens.Samples(rows, length, shape.Vocabulary);
        var products = new FrozenProducts(shape.Config());
        var predictions = samples.Sum(sample => sample.TrainedTokens);
        var flops = products.Forward((double)rows * length, predictions) + products.Backward((double)rows * length, predictions);
        var gemms = GemmCase.Of(products, (long)rows * length, ScalarType.BFloat16);
        GemmCase[] frozen = [.. gemms, .. GemmCase.OfHead(products, predictions, ScalarType.BFloat16)];
        ProductCase[] large = [.. frozen, .. AttentionCase.Of(shape.Config(), rows, length)];
        var cases = Variant.All.Select(
            variant => (Variant: variant, Case: new TrainingCase(drawn.Load(variant.DataType), variant, adapter, samples))).ToArray();
        int[] all = [.. Enumerable.Range(0, rows)];
        try
        {
            var times = harness.Measure(
            [
                .. cases.Select(c => new Contender(c.Variant.Name, () => c.Case.Step(all))),
                .. large.Select(p => p.Contender),
            ]);
            Spread InStep(IEnumerable<ProductCase> products) =>
                products.Select(p => times[p.Name].Map(time => time * p.InStep)).Aggregate((sum, part) => sum.Plus(part));
            var peak = gemms.Select(g => (Case: g, Rate: g.Rate(times[g.Name]))).MaxBy(g => g.Rate.Median);
            ReportRow Row(Variant variant)
            {
                var rate = times[variant.Name].Gflops(flops);
                return new ReportRow(
                    variant.Name,
                    new(Figure.Milliseconds, times[variant.Name]),
                    new(Figure.FrozenGflops, rate),
                    new(Figure.ShareOfPeak, rate.Over(peak.Rate)),
                    new(Figure.ShareOfOwnFrozen, InStep(frozen).Over(times[variant.Name])),
                    new(Figure.ShareOfOwnProducts, InStep(large).Over(times[variant.Name])),
                    new(Figure.TokensPerSecond, times[variant.Name].Map(time => 1000.0 * rows * length / time)));
            }

            return new Findings(
                new ReportTable("steps", [.. Variant.All.Select(Row)]),
                new ReportTable("products", [.. large.Select(p => p.Row(times[p.Name]))]))
            {
                Settings = new Dictionary<string, object>(
                [
                    .. shape.Settings(), new("batch", rows), new("tokens", length), new("rank", adapter.Rank),
                    new("shortcut", adapter.Shortcut.Kind.ToString().ToLowerInvariant()), new("frozenGflopOfStep", flops / 1e9),
                ]),
                Ratios =
                [
                    .. Variant.All.SelectMany((fast, i) => Variant.All.Skip(i + 1).Select(slow =>
                        new Ratio(slow.Name, fast.Name, Figure.Milliseconds, times[slow.Name].Over(times[fast.Name])))),
                ],
                Notes = [$"The bfloat16 peak is the best product of this run: {peak.Case.Name}.", .. Variant.Notes],
            };
        }
        finally
        {
            foreach (var (_, training) in cases)
            {
                training.Dispose();
            }

            foreach (var product in large)
            {
                product.Dispose();
            }
        }
    }
}
