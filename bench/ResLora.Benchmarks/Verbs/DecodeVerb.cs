using System.CommandLine;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Lora;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>How fast text is generated.</summary>
internal static class DecodeVerb
{
    private const string ReadReduce = "read and add up memory";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var model = new Option<string?>("--model") { Description = "A model folder; without it one is drawn.", HelpName = "DIR" };
        var batches = Numbers.Counts("--batches", "Texts side by side; several.", "1,8");
        var prompt = StackOptions.Tokens(32);
        var tokens = Numbers.Count("--new-tokens", "Tokens that a timing adds to each text.", 32);
        var megabytes =
            Numbers.Count("--read-megabytes", "Memory that is read to measure its bandwidth; must be far more than the caches hold.", 1024);
        var (rank, dtype) = (StackOptions.Rank(), DataTypes.Option("bfloat16"));
        return BenchmarkVerb.Create(
            "decode",
            "How many tokens a second are generated, against what memory can deliver, and does a merged model cost anything over its base?",
            BenchmarkVerb.UsualRounds,
            [model, .. stack.All, batches, prompt, tokens, megabytes, rank, dtype],
            (line, harness) =>
            {
                var sizes = Numbers.Read(line, batches);
                using var drawn = new DrawnModel(stack.Read(line));
                var type = DataTypes.Read(line, dtype);
                var folder = line.GetValue(model) ?? drawn.Folder(type);
                using var plain = ModelRegistry.LoadCausal(folder, type);
                using var adapted = ModelRegistry.LoadCausal(folder, type);
                using var carrying = ModelRegistry.LoadCausal(folder, type);
                using var merge = Merged(adapted, line.GetValue(rank));
                Adapt(carrying, line.GetValue(rank));
                DecodingCase[] cases =
                [
                    .. from size in sizes
                       from subject in new[] { ("base", plain), ("merged", adapted), ("unmerged", carrying) }
                       select new DecodingCase(
                           $"{subject.Item1}, batch {size}", subject.Item2, size, line.GetValue(prompt), line.GetValue(tokens)),
                ];
                var findings = Measure(harness, cases, WeightBytes(plain), (long)line.GetValue(megabytes) * 1_000_000);
                return findings with
                {
                    Settings = new Dictionary<string, object>(findings.Settings)
                    {
                        ["promptTokens"] = line.GetValue(prompt),
                        ["newTokens"] = line.GetValue(tokens),
                        ["rank"] = line.GetValue(rank),
                        ["dtype"] = line.GetValue(dtype)!,
                    },
                };
            });
    }

    private static Findings Measure(Harness harness, DecodingCase[] cases, long weightBytes, long readBytes)
    {
        using var memory = ones(readBytes / sizeof(float));
        var times = harness.Measure([new(ReadReduce, () => memory.sum().Dispose()), .. cases.Select(c => c.Contender)]);
        var bandwidth = times[ReadReduce].Map(time => memory.numel() * sizeof(float) / time / 1e6);   // GB/s
        ReportRow Row(DecodingCase c)
        {
            var rate = times[c.Name].Map(time => 1000.0 * c.Batch * c.NewTokens / time);
            // A token of every text reads all weights once, whatever the batch.
            var bound = bandwidth.Map(gigabytes => c.Batch * gigabytes * 1e9 / weightBytes);
            return new ReportRow(
                c.Name,
                new(Figure.TokensPerSecond, rate),
                new(Figure.ShareOfBound, rate.Over(bound)),
                new(Figure.Milliseconds, times[c.Name]));
        }

        return new Findings(
            new ReportTable("decoding", [.. cases.Select(Row)]),
            new ReportTable(
                "memory",
                [new ReportRow(ReadReduce, new(Figure.GigabytesPerSecond, bandwidth), new(Figure.Milliseconds, times[ReadReduce]))]))
        {
            Settings = new Dictionary<string, object> { ["weightBytesOfAToken"] = weightBytes },
            Ratios =
            [
                .. from c in cases
                   let plain = cases.First(other => other.Batch == c.Batch)
                   where c != plain
                   select new Ratio(c.Name, plain.Name, Figure.Milliseconds, times[c.Name].Over(times[plain.Name])),
            ],
            Notes = ["The bound counts the weights of linear layers and head only, read once for a token of all texts; keys and values come on top.", .. Variant.Notes],
        };
    }

    private static AdaptedModel Adapt(CausalLanguageModel model, int rank)
    {
        var adapted = AdaptedModel.Inject(model, StackOptions.Adapter(rank, "none"));
        using var noGradient = no_grad();
        foreach (var block in adapted.Blocks.Cast<LoraBlock>())
        {
            // Zeros might be added faster than other numbers.
            nn.init.normal_(block.B, 0, 0.01);
        }

        model.BeginForward = adapted.BeginPass;
        return adapted;
    }

    private static AppliedMergeOwner Merged(CausalLanguageModel model, int rank)
    {
        var merged = Merger.Merge(Adapt(model, rank), MergeMethod.Exact);
        return new AppliedMergeOwner(merged, merged.Apply());
    }

    private static long WeightBytes(CausalLanguageModel model)
    {
        var size = model.DataType == ScalarType.Float32 ? sizeof(float) : sizeof(float) / 2;
        var weights = model.named_modules().Select(m => m.module).OfType<Linear>().Sum(linear => linear.weight!.numel());
        // A tied head multiplies with the embedding.
        var head = model.named_modules().Any(m => m.name == "lm_head")
            ? 0
            : model.named_modules().Select(m => m.module).OfType<Embedding>().Sum(e => e.weight!.numel());
        return size * (weights + head);
    }

    private sealed class AppliedMergeOwner(MergedAdapter merged, IDisposable applied) : IDisposable
    {
        public void Dispose()
        {
            applied.Dispose();
            merged.Dispose();
        }
    }
}
