using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using ResLora.Models;
using ResLora.Models.UNet;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The time of a training step of a UNet, against the machine's matrix products, and of what it is made of.</summary>
internal static class DenoiseVerb
{
    private const string Product = "float32 product of 1024 x 1024";
    private const int ProductSide = 1024;

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var channels = Numbers.Counts("--channels", "The channels of the levels, from the largest pictures to the smallest.", "64,128,128");
        var size = Numbers.Count("--size", "Y and X of the latents.", 16);
        var text = Numbers.Count("--text", "The width of a text's hidden states.", 128);
        var batch = StackOptions.Batch(8);
        return BenchmarkVerb.Create(
            "denoise",
            "How long is a training step of a UNet, how near to the machine's matrix products, and what are its convolutions and attention?",
            BenchmarkVerb.UsualRounds,
            [channels, size, text, batch],
            (line, harness) =>
                Times(
                    harness,
                    Config([.. Numbers.Read(line, channels, smallest: 32)], line.GetValue(size), line.GetValue(text)),
                    line.GetValue(batch)));
    }

    private static UNetConfig Config(int[] channels, int size, int text) => new()
    {
        SampleSize = new PixelSize(size, size),
        Channels = channels,
        DownBlocks = [.. channels.Select(_ => "CrossAttnDownBlock2D")],
        UpBlocks = [.. channels.Select(_ => "CrossAttnUpBlock2D")],
        TextWidth = PerBlock.Same(text),
        AttentionHeadDim = PerBlock.Same(channels[0] / 32),
        NormGroups = 16,
        UsesLinearProjection = true,
    };

    private static Findings Times(Harness harness, UNetConfig config, int batch)
    {
        using var lora = new UNetStep(config, ShortcutKind.None, batch);
        using var input = new UNetStep(config, ShortcutKind.Input, batch);
        using var left = randn(ProductSide, ProductSide);
        var side = config.SampleSize!.Value.Height;
        PlaneCase[] parts =
        [
            .. config.Channels.Index().DistinctBy(level => (level.Item, side >> level.Index)).SelectMany(level => new[]
            {
                PlaneCase.Convolution(batch, level.Item, Math.Max(1, side >> level.Index)),
                PlaneCase.Attention(batch, level.Item, Math.Max(1, side >> level.Index)),
            }),
        ];
        try
        {
            var times = harness.Measure(
            [
                new("lora", lora.Run), new("input", input.Run), new("forward", lora.Forward),
                .. parts.Select(part => part.Contender),
                new(Product, () => left.matmul(left).Dispose()) { Repeats = 5 },
            ]);
            var peak = times[Product].Gflops(2.0 * ProductSide * ProductSide * ProductSide);
            ReportRow Row(string name, Spread rate) => new(
                name, new(Figure.Milliseconds, times[name]), new(Figure.Gflops, rate), new(Figure.ShareOfFloat32Peak, rate.Over(peak)));
            ReportRow Step(string name, double flops) => Row(name, times[name].Gflops(flops));
            return new Findings(
                new ReportTable(
                    "passes",
                    [Step("lora", 2 * lora.ForwardFlops), Step("input", 2 * input.ForwardFlops), Step("forward", lora.ForwardFlops)]),
                new ReportTable("parts", [.. parts.Select(part => Row(part.Name, part.Rate(times[part.Name]))), Row(Product, peak)]))
            {
                Settings = new Dictionary<string, object>
                {
                    ["channels"] = string.Join(",", config.Channels),
                    ["size"] = side,
                    ["text"] = config.TextWidth.Values[0],
                    ["batch"] = batch,
                    ["frozenGflopForward"] = lora.ForwardFlops / 1e9,
                },
                Ratios = [new("input", "lora", Figure.Milliseconds, times["input"].Over(times["lora"]))],
                Notes = ["A step counts every convolution and linear layer twice, though the first few need no gradient; attention is not counted."],
            };
        }
        finally
        {
            Array.ForEach(parts, part => part.Dispose());
        }
    }
}
