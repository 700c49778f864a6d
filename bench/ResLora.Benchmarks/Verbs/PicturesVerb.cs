using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The time of a training step on pictures, against the machine's matrix products, and what decoding takes of it.</summary>
internal static class PicturesVerb
{
    private const int Labels = 8;
    private const int Repeats = 5;   // a step takes tens of milliseconds
    private const string Loaded = "lora, decoding";
    private const string Decoding = "decoding alone";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var layers = Numbers.Count("--layers", "Layers of the vision transformer.", 8);
        var hidden = Numbers.Count("--hidden", "D, its width; the MLP has four times as many, and a head 32.", 192, smallest: 32);
        var size = Numbers.Count("--size", "Pixels along a side, as the model takes them; files have twice as many.", 64);
        var patch = Numbers.Count("--patch", "Pixels along a side of a part, which is a token.", 8);
        var batch = StackOptions.Batch(32);
        return BenchmarkVerb.Create(
            "pictures",
            "How many pictures a second are trained, how near to the machine's matrix products, and what does decoding take of it?",
            BenchmarkVerb.UsualRounds,
            [layers, hidden, size, patch, batch],
            (line, harness) =>
            {
                var shape = Shape(line.GetValue(layers), line.GetValue(hidden), line.GetValue(size), line.GetValue(patch));
                return Times(harness, shape, line.GetValue(batch));
            });
    }

    /// <summary>The network that options describe.</summary>
    internal static ImageNetworkShape Shape(int layers, int hidden, int size, int patch) => new()
    {
        Layers = layers,
        Hidden = hidden,
        Intermediate = 4 * hidden,
        Heads = Math.Max(1, hidden / 32),
        Dropout = 0,
        InitializerRange = 0.02,
        ImageSize = new PixelSize(size, size),
        PatchSize = new PixelSize(patch, patch),
        Channels = 3,
        Head = ModelHead.OfOutputs(Labels),
    };

    private static Findings Times(Harness harness, ImageNetworkShape shape, int batch)
    {
        var tokens = ((shape.ImageSize.Height / shape.PatchSize.Height * (shape.ImageSize.Width / shape.PatchSize.Width)) + 1L) * batch;
        var products = new FrozenProducts(shape);
        var flops = products.Forward(tokens, batch) + products.Backward(tokens, batch);
        var gemms = GemmCase.Of(products, tokens, ScalarType.Float32);
        using var lora = new PictureStep(shape, ShortcutKind.None, batch, isLoaded: false);
        using var input = new PictureStep(shape, ShortcutKind.Input, batch, isLoaded: false);
        using var loaded = new PictureStep(shape, ShortcutKind.None, batch, isLoaded: true);
        Contender[] steps =
        [
            new("lora", lora.Run) { Repeats = Repeats },
            new("input", input.Run) { Repeats = Repeats },
            new(Loaded, loaded.Run) { Repeats = Repeats },
        ];
        try
        {
            var times = harness.Measure([.. steps, new(Decoding, loaded.Prepare) { Repeats = Repeats }, .. gemms.Select(g => g.Contender)]);
            var peak = gemms.Select(g => (Case: g, Rate: g.Rate(times[g.Name]))).MaxBy(g => g.Rate.Median);
            ReportRow Row(string name)
            {
                var rate = times[name].Gflops(flops);
                return new ReportRow(
                    name,
                    new(Figure.Milliseconds, times[name]),
                    new(Figure.FrozenGflops, rate),
                    new(Figure.ShareOfFloat32Peak, rate.Over(peak.Rate)),
                    new(Figure.PicturesPerSecond, times[name].Map(time => 1000.0 * batch / time)));
            }

            return new Findings(
                new ReportTable("steps", [.. steps.Select(step => Row(step.Name))]),
                new ReportTable("decoding", [new ReportRow(
                    Decoding,
                    new(Figure.Milliseconds, times[Decoding]),
                    new(Figure.PicturesPerSecond, times[Decoding].Map(time => 1000.0 * batch / time)),
                    new(Figure.ShareOfStep, times[Decoding].Over(times[Loaded])))]),
                new ReportTable("products", [.. gemms.Select(g => g.Row(times[g.Name]))]))
            {
                Settings = new Dictionary<string, object>
                {
                    ["layers"] = shape.Layers,
                    ["hidden"] = shape.Hidden,
                    ["size"] = shape.ImageSize.Width,
                    ["patch"] = shape.PatchSize.Width,
                    ["batch"] = batch,
                    ["frozenGflopOfStep"] = flops / 1e9,
                },
                Ratios =
                [
                    new("input", "lora", Figure.Milliseconds, times["input"].Over(times["lora"])),
                    new(Loaded, "lora", Figure.Milliseconds, times[Loaded].Over(times["lora"])),
                ],
                Notes = [$"The float32 peak is the best product of this run: {peak.Case.Name}."],
            };
        }
        finally
        {
            foreach (var product in gemms)
            {
                product.Dispose();
            }
        }
    }
}
