using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Dora;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Dora;

public sealed class DoraTests
{
    private const double Tolerance = 1e-5;   // float32: rows are stretched before or after they are summed up
    private const string Query = "model.layers.1.self_attn.q_proj";

    private static LlamaConfig Biased { get; } = TinyLlama.Config with { ConfiguredAttentionBias = true };

    [Fact]
    public void Load_Magnitudes_GiveRowsTheirLengths()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(Biased);
        using var expected = TinyLlama.Create(Biased);
        Write(files, expected);

        var adapted = AdapterStore.Load(model, files.Folder);

        Assert.Equal([16], ((DoraBlock)adapted[Query]).Magnitude.shape);
        AssertSame(expected, model);
    }

    [Fact]
    public void Merge_Magnitudes_GivesTheWeightByHand()
    {
        using var scope = NewDisposeScope();
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(Biased);
        using var expected = TinyLlama.Create(Biased);
        Write(files, expected);
        var adapted = AdapterStore.Load(model, files.Folder);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            AssertSame(expected, model);
        }

        var byHand = expected.named_parameters().First(p => p.name == $"{Query}.weight").parameter;
        Assert.InRange(TinyAdapters.Distance(byHand, merged.MergedWeight(merged.Blocks[0])), 0, Tolerance);
        Assert.Contains(
            "magnitudes (DoRA)",
            Assert.Throws<ConfigException>(() => AdapterStore.SavePeft(merged, files.Other("portable"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Change_OfAMergedUpdate_IsWhatTheMergedLayerPutsOutMore()
    {
        using var scope = NewDisposeScope();
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(Biased);
        using var expected = TinyLlama.Create(Biased);
        Write(files, expected);
        var adapted = AdapterStore.Load(model, files.Folder);
        var block = adapted[Query];
        var (x, y) = (randn(3, 16), randn(2, 5, 16));

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        var update = merged.Blocks[0].Update;

        // The first one works out what the second one takes as it is.
        Assert.InRange(TinyAdapters.Distance(block.call(x) - block.BaseLayer.call(x), update.Change(x)), 0, Tolerance);
        Assert.InRange(TinyAdapters.Distance(block.call(y) - block.BaseLayer.call(y), update.Change(y)), 0, Tolerance);
    }

    [Fact]
    public void SaveAndLoad_Magnitudes_AreKept()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(Biased);
        using var expected = TinyLlama.Create(Biased);
        using var again = TinyLlama.Create(Biased);
        Write(files, expected);

        AdapterStore.Save(AdapterStore.Load(model, files.Folder), files.Other("again"));
        var adapted = AdapterStore.Load(again, files.Other("again"));

        Assert.Equal("dora", adapted.Config.Method);
        AssertSame(expected, again);
    }

    [Fact]
    public void Load_MagnitudeIsMissing_IsNamed()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("use_dora", "true"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains($"'{PeftFiles.Prefix}{Query}.lora_magnitude_vector' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gain_Gradient_TakesTheLengthsForConstants()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor weight = randn(4, 5), a = randn(2, 5).requires_grad_(true), b = randn(4, 2), magnitude = rand(4).requires_grad_(true);

        DoraMath.Gain(weight, new LoraPair(a, b, 0.5), magnitude).sum().backward();

        Assert.Null(a.grad);
        Assert.InRange(TinyAdapters.Distance(1 / (weight + (b.matmul(a) * 0.5)).square().sum(1).sqrt(), magnitude.grad!), 0, Tolerance);
    }

    [Fact]
    public void Forward_ManyTimes_LeavesNoTensors()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(Biased);
        using var expected = TinyLlama.Create(Biased);
        Write(files, expected);
        AdapterStore.Load(model, files.Folder);
        PeftFiles.Logits(model).Dispose();

        Assert.Equal(0, LiveTensors.Growth(() => PeftFiles.Logits(model).Dispose()));
    }

    /// <summary>A folder with one block, and what it means in a plain model: m ⊙ rows of (W + s B A) / their lengths.</summary>
    private static void Write(PeftFiles files, LlamaModel expected)
    {
        var (a, b) = files.Block(Query);
        var magnitude = files.Tensors[$"{PeftFiles.Prefix}{Query}.lora_magnitude_vector"] = files.Random(16).abs() + 0.5;
        files.Write(("target_modules", "\".*1.*q_proj\""), ("use_dora", "true"));
        PeftFiles.Set(expected, $"{Query}.weight", weight =>
        {
            var sum = weight + (b.matmul(a) * (PeftFiles.Alpha / PeftFiles.Rank));
            return sum * (magnitude / sum.square().sum(1).sqrt()).unsqueeze(1);
        });
    }

    private static void AssertSame(LlamaModel expected, LlamaModel actual)
    {
        using var scope = NewDisposeScope();
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(actual)), 0, Tolerance);
    }
}
