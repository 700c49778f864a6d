using System.CommandLine;
using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Models;
using ResLora.Text.Data;

namespace ResLora.Benchmarks.Verbs;

/// <summary>How soon training begins.</summary>
internal static class LoadVerb
{
    private const string Read = "read the files once";
    private const string Open = "open";
    private const string Attach = "open, attach";
    private const string First = "open, attach, first step";
    private const string Step = "a later step";
    private const string Process = "new process to the end of its first step";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var model = new Option<string?>("--model") { Description = "A model folder; without it one is drawn and written to a temporary folder.", HelpName = "DIR" };
        var (batch, tokens, rank, dtype) = (
            StackOptions.Batch(2), StackOptions.Tokens(256), StackOptions.Rank(), DataTypes.Option("bfloat16"));
        return BenchmarkVerb.Create(
            "load",
            "How long until the first training step is done, against reading the weights once?",
            BenchmarkVerb.UsualRounds,
            [model, .. stack.All, batch, tokens, rank, dtype],
            (line, harness) =>
            {
                using var drawn = new DrawnModel(stack.Read(line));
                var folder = line.GetValue(model) ?? drawn.Folder(DataTypes.Read(line, dtype));
                return Measure(
                    harness, folder, StackOptions.Adapter(line.GetValue(rank), "none"), line.GetValue(batch), line.GetValue(tokens));
            });
    }

    private static Findings Measure(Harness harness, string folder, AdapterConfig adapter, int rows, int length)
    {
        var warm = ModelRegistry.LoadCausal(folder);
        var variant = Variant.Default(warm.DataType);
        var samples = RandomTokens.Samples(rows, Math.Min(length, warm.MaxPositions), warm.VocabularySize);
        using var later = new TrainingCase(warm, variant, adapter, samples);
        var child = new StepChild(folder, variant, adapter, rows, samples[0].Ids.Length) { Steps = 1 };
        int[] all = [.. Enumerable.Range(0, rows)];
        var files = Directory.GetFiles(folder, "*.safetensors");
        var times = harness.Measure(
        [
            new(Read, () => WholeFile.ReadOnce(files)),
            new(Open, () => ModelRegistry.LoadCausal(folder).Dispose()),
            new(Attach, () => Opened(folder, variant, adapter, samples).Dispose()),
            new(First, () =>
            {
                using var training = Opened(folder, variant, adapter, samples);
                training.Step(all);
            }),
            new(Step, () => later.Step(all)),
            new(Process, () => child.Run(harness.Stop)),
        ]);
        var bytes = files.Sum(file => new FileInfo(file).Length);
        return new Findings(
            new ReportTable("load", [.. times.Select(t => new ReportRow(t.Key, new Measure(Figure.Milliseconds, t.Value)))]))
        {
            Settings = new Dictionary<string, object> { ["weightBytes"] = bytes, ["batch"] = rows, ["tokens"] = samples[0].Ids.Length, ["rank"] = adapter.Rank, ["variant"] = variant.Name },
            Ratios =
            [
                new(Open, Read, Figure.Milliseconds, times[Open].Over(times[Read])),
                new(First, Read, Figure.Milliseconds, times[First].Over(times[Read])),
                new(First, Step, Figure.Milliseconds, times[First].Over(times[Step])),
                new(Process, First, Figure.Milliseconds, times[Process].Over(times[First])),
            ],
            Notes = ["The files are in the page cache: the first round reads them.", .. Variant.Notes],
        };
    }

    private static TrainingCase Opened(string folder, Variant variant, AdapterConfig adapter, IReadOnlyList<TokenizedSample> samples) =>
        new(ModelRegistry.LoadCausal(folder), variant, adapter, samples);
}
