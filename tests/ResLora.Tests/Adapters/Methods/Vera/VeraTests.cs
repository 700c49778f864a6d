using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Vera;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Vera;

public sealed class VeraTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1
    private const string Value = "model.layers.1.self_attn.v_proj";
    private const string Down = "model.layers.1.mlp.down_proj";

    [Theory]
    [InlineData(Value, 8, 16)]
    [InlineData(Down, 16, 24)]
    public void Forward_OfABlock_IsItsFormula(string module, int outputs, int inputs)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.None);
        var block = (VeraBlock)adapted[module];
        var weight = ((Linear)block.BaseLayer).weight!;
        var (a, b) = (BruteForce.Rows(adapted.Shared[0].Value), BruteForce.Rows(adapted.Shared[1].Value));
        var (d, each) = (BruteForce.Rows(block.Ranks.unsqueeze(0))[0], BruteForce.Rows(block.Outputs.unsqueeze(0))[0]);
        var x = randn(1, inputs);
        var row = BruteForce.Rows(x)[0];
        var y = block.call(x);

        for (var o = 0; o < outputs; o++)
        {
            var plain = BruteForce.Down(weight, o, i => row[i]);
            var update = Enumerable.Range(0, d.Length).Sum(r => b[o][r] * d[r] * Enumerable.Range(0, inputs).Sum(i => a[r][i] * row[i]));
            Assert.Equal(plain + (each[o] * update), y[0, o].item<float>(), Tolerance * 10);
        }

        // As wide as the widest layer.
        Assert.Equal(["vera_A", "vera_B"], adapted.Shared.Select(tensor => tensor.Key));
        Assert.Equal([3L, 24L, 16L, 3L], adapted.Shared.SelectMany(tensor => tensor.Value.shape));
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Forward_EveryShortcut_IsThatOfALoraWithTheProducts(ShortcutKind kind, int m)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var other = TinyLlama.Create();
        var adapted = Adapt(model, kind, m);
        var lora = AdaptedModel.Inject(other, TinyAdapters.Config(kind, m) with { Alpha = 3 });   // = rank
        foreach (var block in adapted.Blocks)
        {
            var pair = block.AsLowRank()!.Value;
            lora[block.ModuleName].A.copy_(pair.A);
            lora[block.ModuleName].B.copy_(pair.B);
        }

        Assert.Equal(0, TinyAdapters.Distance(Logits(lora), Logits(adapted)));
    }

    [Fact]
    public void Gradients_OfBothVectors_AreThoseOfTheFormula()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn(3, 6, dtype: float64), randn(5, 3, dtype: float64));
        var (d, each, x) = (GradientCheck.Leaf(3), GradientCheck.Leaf(4), GradientCheck.Leaf(2, 5));

        GradientCheck.Run(() => LoraMath.Delta(x, new LoraPair(VeraMath.Down(a, d, 5), VeraMath.Up(b, each), 1)), d, each, x);
    }

    [Fact]
    public void Inject_New_ChangesNothingAndTrainsTheVectorsAlone()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var plain = PeftFiles.Logits(model);

        var adapted = AdaptedModel.Inject(model, Config(ShortcutKind.None));

        Assert.Equal(0, TinyAdapters.Distance(plain, Logits(adapted)));
        Assert.Equal(adapted.Blocks.Sum(block => block.OutFeatures + 3), adapted.TrainableCount);
        Assert.All(adapted.Shared, tensor => Assert.False(tensor.Value.requires_grad));
    }

    [Fact]
    public void Projections_OfASeed_AreThoseThatPeftDraws()
    {
        using var scope = NewDisposeScope();

        var (a, b) = VeraMath.Projections(3, 5, 2, seed: 7);

        // PEFT 0.20 on PyTorch 2.14: its kaiming initialisation of (2, 5), then (3, 2), with a generator of seed 7.
        Assert.Equal(
            [0.0765114575624466f, -0.6598891615867615f, 0.34881535172462463f, 0.3437293767929077f, -0.5854901075363159f, -0.16418224573135376f, -0.6417424082756042f, 0.28423812985420227f, -0.29507753252983093f, 0.769590437412262f],
            a.data<float>().ToArray());
        Assert.Equal([1.2295591831207275f, 0.17644473910331726f, -0.7384113073348999f, -1.0173394680023193f, -0.19021321833133698f, -0.4874477684497833f], b.data<float>().ToArray());
    }

    [Theory]
    [InlineData(ShortcutKind.None, MergeMethod.Exact)]
    [InlineData(ShortcutKind.Block, MergeMethod.Exact)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights)]
    public void Merge_OfABlock_IsPlainLora(ShortcutKind kind, MergeMethod method)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = Adapt(model, kind);
        var unmerged = Logits(adapted);

        using var merged = Merger.Merge(adapted, method);
        AdapterStore.SavePeftUnpadded(merged, folder["lora"]);
        var loaded = AdapterStore.Load(again, folder["lora"]);
        using var applied = merged.Apply();

        Assert.Null(loaded.Config.Method);
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(model), Logits(loaded)), 0, Tolerance * unmerged.abs().max().item<float>());
        Assert.Equal(
            merged.IsExact, TinyAdapters.Distance(unmerged, PeftFiles.Logits(model)) < Tolerance * unmerged.abs().max().item<float>());
    }

    [Fact]
    public void Run_Training_LearnsAndResumesBitForBit()
    {
        var config = TrainingBench.Config with { Steps = 60, LearningRate = 0.05, CheckpointEvery = 30, GradientCheckpointing = true };
        using var whole = new TrainingBench(adapter: Config(ShortcutKind.Middle));
        using var parts = new TrainingBench(adapter: Config(ShortcutKind.Middle));
        using var resumed = new TrainingBench(adapter: Config(ShortcutKind.Middle));
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = value =>
        {
            if (value is StepDone { Step: 30 })
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(config);
        parts.Train(config, stop: stop.Token);
        var actual = resumed.Train(config, resume: true);

        Assert.True(expected.LastLoss < 0.9 * expected.Losses[0].Loss, $"{expected.Losses[0].Loss} -> {expected.LastLoss}");
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(whole.Weights(), resumed.Weights());
    }

    [Fact]
    public void Problems_WhatItDoesNotHave_IsNamed()
    {
        string Problem(AdapterConfig config) => Assert.Single(config.Problems());
        var config = Config(ShortcutKind.Block);

        Assert.Empty(config.Problems());
        Assert.Contains("alpha is set", Problem(config with { Alpha = 4 }), StringComparison.Ordinal);
        Assert.Contains("rankStabilized is set", Problem(config with { RankStabilized = true }), StringComparison.Ordinal);
        Assert.Contains("vera.initial is 0", Problem(config with { Vera = new VeraSettings { Initial = 0 } }), StringComparison.Ordinal);
        Assert.Contains(
            "vera.projectionSeed is -1",
            Problem(config with { Vera = new VeraSettings { ProjectionSeed = -1 } }),
            StringComparison.Ordinal);
        Assert.Contains("vera has settings", Problem(config with { Method = "lora", Vera = new VeraSettings() }), StringComparison.Ordinal);
    }

    [Fact]
    public void InjectForwardAndMerge_OnceMore_LeaveNoMoreTensorsThanLora()
    {
        Run("vera");

        Assert.Equal(0, LiveTensors.Growth(() => Run("vera")) - LiveTensors.Growth(() => Run(null)));

        static void Run(string? method)
        {
            using var model = TinyLlama.Create();
            var adapted = AdaptedModel.Inject(model, Config(ShortcutKind.Block) with { Method = method });
            Logits(adapted).Dispose();
            using var merged = Merger.Merge(adapted, MergeMethod.Exact);
            using var applied = merged.Apply();
        }
    }

    private static AdapterConfig Config(ShortcutKind kind, int m = 1) =>
        TinyAdapters.Config(kind, m) with { Method = "vera", Alpha = new AdapterConfig().Alpha };

    private static Tensor Logits(AdaptedModel adapted)
    {
        using var pass = adapted.BeginPass();
        return PeftFiles.Logits((LlamaModel)adapted.Model);
    }

    /// <summary>An adapter with random vectors.</summary>
    internal static AdaptedModel Adapt(LlamaModel model, ShortcutKind kind, int m = 1)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        random.manual_seed(6);
        var adapted = AdaptedModel.Inject(model, Config(kind, m));
        foreach (var (_, factor) in adapted.BlockParameters())
        {
            factor.copy_(randn(factor.shape) * 0.5);
        }

        return adapted;
    }
}
