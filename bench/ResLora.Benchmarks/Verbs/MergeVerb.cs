using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Models;
using ResLora.Training.Merging;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What merging costs.</summary>
internal static class MergeVerb
{
    private static readonly string[] _kinds = ["none", "input", "block", "middle"];
    private static readonly StackShape _small =
        new() { Hidden = 512, Intermediate = 1408, Layers = 6, Heads = 8, KeyValueHeads = 4, Vocabulary = 8000 };

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(_small);
        var (tokens, rank) = (StackOptions.Tokens(128), StackOptions.Rank());
        var texts = Numbers.Count("--texts", "Calibration texts.", 32);
        return BenchmarkVerb.Create(
            "merge",
            "How long does every way to merge take, and writing the merged model?",
            rounds: 5,
            [.. stack.All, tokens, texts, rank],
            (line, harness) =>
            {
                var shape = stack.Read(line);
                using var drawn = new DrawnModel(shape);
                var (count, length) = (line.GetValue(texts), line.GetValue(tokens));
                var samples = RandomTokens.Samples(count, length, shape.Vocabulary);
                var cases = _kinds
                    .Select(kind =>
                        (
                            Kind: kind,
                            Case: new TrainingCase(
                                drawn.Load(ScalarType.Float32),
                                Variant.EagerFloat32,
                                StackOptions.Adapter(line.GetValue(rank), kind),
                                samples)))
                    .ToArray();
                var output = Directory.CreateTempSubdirectory("reslora-bench-");
                try
                {
                    foreach (var (_, training) in cases)
                    {
                        // Two steps: B is no longer 0, and the statistics that the paper's merges need are there.
                        training.Step([0]);
                        training.Step([0]);
                    }

                    Contender[] contenders =
                    [
                        .. cases.SelectMany(c =>
                            Settings(c.Case.Adapted).Select(s =>
                                Merge(
                                    harness,
                                    c.Kind,
                                    c.Case,
                                    s,
                                    CalibrationTexts.Batches(c.Case.Objective, samples, harness.Stop)))),
                        Write(cases[0].Case, drawn.Folder(ScalarType.Float32), Path.Combine(output.FullName, "merged")),
                    ];
                    var times = harness.Measure(contenders);
                    return new Findings(
                        new ReportTable(
                            "merges", [.. contenders.Select(c => new ReportRow(c.Name, new Measure(Figure.Milliseconds, times[c.Name])))]))
                    {
                        Settings = new Dictionary<string, object>(
                            [.. shape.Settings(), new("rank", line.GetValue(rank)), new("calibrationTexts", count), new("tokens", length)]),
                    };
                }
                finally
                {
                    output.Delete(recursive: true);
                    foreach (var (_, training) in cases)
                    {
                        training.Dispose();
                    }
                }
            });
    }

    private static IEnumerable<MergeSettings> Settings(AdaptedModel adapted)
    {
        foreach (var method in MergeMethods.For(adapted))
        {
            yield return new MergeSettings(method);
            if (method == MergeMethod.LeastSquares)
            {
                yield return new MergeSettings(method) { Sequential = true };
            }
        }
    }

    private static Contender Merge(
        Harness harness, string kind, TrainingCase training, MergeSettings settings, IReadOnlyList<CalibrationBatch> calibration) => new(
        $"{kind}, {settings.Name}",
        () =>
        {
            harness.Stop.ThrowIfCancellationRequested();
            Merger.Merge(training.Adapted, settings, calibration).Dispose();
        });

    private static Contender Write(TrainingCase training, string source, string folder) => new(
        "write the merged model",
        () =>
        {
            using var merged = Merger.Merge(training.Adapted, MergeMethod.Exact);
            using var applied = merged.Apply();
            ModelFolder.Write((Network)training.Adapted.Model, source, folder, overwrite: true);
        });
}
