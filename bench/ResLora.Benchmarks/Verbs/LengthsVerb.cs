using System.CommandLine;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Text.Tokenization;
using ResLora.Training.FineTuning;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What it is worth to put samples of like length together.</summary>
internal static class LengthsVerb
{
    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var data = new Option<string>("--data") { Description = "GSM8K's train.jsonl, or another file of --task.", HelpName = "FILE", Required = true };
        var model = new Option<string>("--model") { Description = "The model folder whose tokenizer cuts it up and whose network is trained.", HelpName = "DIR", Required = true };
        var task =
            new Option<string>("--task") { Description = "The task of --data.", HelpName = "NAME", DefaultValueFactory = _ => "gsm8k" };
        var drawn = new Option<bool>("--drawn") { Description = "Train a drawn stack in the place of the model's own network." };
        var samples = Numbers.Count(
            "--samples",
            "How many samples a round takes, from all over the file; 50 batches are what length grouping sorts at a time.",
            400);
        var (batch, rank, dtype) = (StackOptions.Batch(8), StackOptions.Rank(), DataTypes.Option("bfloat16"));
        return BenchmarkVerb.Create(
            "lengths",
            "How many tokens a second are trained with samples padded, grouped by length, and packed?",
            rounds: 3,
            [data, model, task, .. stack.All, drawn, samples, batch, rank, dtype],
            (line, harness) =>
            {
                var folder = line.GetRequiredValue(model);
                var type = DataTypes.Read(line, dtype);
                using var written = new DrawnModel(stack.Read(line));
                var network = line.GetValue(drawn) ? written.Load(type) : ModelRegistry.LoadCausal(folder, type);
                var (tokens, tooLong) = Tokens(
                    folder, line.GetRequiredValue(task), line.GetRequiredValue(data), line.GetValue(samples), network);
                var variant = Variant.Default(type);
                using var training = new TrainingCase(network, variant, StackOptions.Adapter(line.GetValue(rank), "none"), tokens);
                var findings = Measure(harness, training, tokens, line.GetValue(batch));
                return findings with
                {
                    Settings = new Dictionary<string, object>(findings.Settings)
                    {
                        ["tooLong"] = tooLong,
                        ["network"] = line.GetValue(drawn) ? "drawn" : "the model's own",
                        ["rank"] = line.GetValue(rank),
                        ["variant"] = variant.Name,
                    },
                };
            });
    }

    private static Findings Measure(Harness harness, TrainingCase training, IReadOnlyList<TokenizedSample> samples, int batch)
    {
        int[] lengths = [.. samples.Select(sample => sample.Ids.Length)];
        var batchings = Batching.All(lengths, batch);
        var times = harness.Measure([.. batchings.Select(b => new Contender(b.Name, () =>
        {
            foreach (var step in b.Batches)
            {
                harness.Stop.ThrowIfCancellationRequested();
                training.Step(step, b.IsPacked);
            }
        }))]);
        var total = lengths.Sum();
        return new Findings(new ReportTable("lengths", [.. batchings.Select(b => new ReportRow(
            b.Name,
            new(Figure.TokensPerSecond, times[b.Name].Map(time => 1000.0 * total / time)),
            new(Figure.Padding, Spread.Once(b.Padding(lengths))),
            new(Figure.Milliseconds, times[b.Name])))]))
        {
            Settings = new Dictionary<string, object>
            {
                ["samples"] = samples.Count,
                ["batch"] = batch,
                ["tokensOfARound"] = total,
                ["shortest"] = lengths.Min(),
                ["medianLength"] = new Spread([.. lengths.Select(length => (double)length)]).Median,
                ["longest"] = lengths.Max(),
            },
            Ratios = [.. batchings.Skip(1).Select(
                b => new Ratio(batchings[0].Name, b.Name, Figure.Milliseconds, times[batchings[0].Name].Over(times[b.Name])))],
            Notes = [.. Variant.Notes],
        };
    }

    /// <summary>Samples from all over the file, so that one part of it does not stand for the whole.</summary>
    private static (IReadOnlyList<TokenizedSample> Samples, int TooLong) Tokens(
        string folder, string task, string data, int count, CausalLanguageModel network)
    {
        var tokenizer = Tokenizer.Load(folder);
        Sample[] all = [.. TaskRegistry.Get(task).Read(data, TaskSplit.Train)];
        StableRandom.Shuffle(all, seed: 0);
        var tokens = SampleEncoding.For(tokenizer, folder, network.MaxPositions).TokenizeAll(all.Take(count));
        // A drawn network may know fewer tokens than the tokenizer; which ones they are makes no difference to the time.
        int Known(int id) => id < 0 ? id : (int)(id % network.VocabularySize);
        return (
            [.. tokens.Samples.Select(sample => new TokenizedSample([.. sample.Ids.Select(Known)], [.. sample.Labels.Select(Known)]))],
            tokens.TooLong);
    }
}
