using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraBlockTests
{
    private const double Tolerance = 1e-5;   // float32: products in another order
    private const string Query = "model.layers.1.self_attn.q_proj";

    [Fact]
    public void Inject_Always_ChangesNothingAtFirst()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var before = PeftFiles.Logits(model);

        var adapted = AdaptedModel.Inject(model, Config(ShortcutKind.None));

        Assert.Equal(0, TinyAdapters.Distance(before, PeftFiles.Logits(model)));
        Assert.Equal(["lora_A", "lora_B", "lora_E"], adapted[Query].Factors.Select(factor => factor.Key));
        Assert.InRange(((AdaLoraBlock)adapted[Query]).A.std().item<float>(), 0.015, 0.025);
    }

    [Fact]
    public void Forward_OneBlock_IsTheEquationByHand()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var block = (AdaLoraBlock)Random(AdaptedModel.Inject(model, Config(ShortcutKind.None)))[Query];
        var x = randn(2, 5, 16);

        var output = block.call(x);

        var delta = block.B.matmul(diag(block.E.flatten())).matmul(block.A) * (4 / (3 + 1e-5));
        Assert.InRange(TinyAdapters.Distance(x.matmul((block.Site.Weight + delta).t()), output), 0, Tolerance);
        Assert.InRange(TinyAdapters.Distance(delta, block.DeltaWeight()), 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Forward_EveryStructure_IsLoraWithTheValuesInB(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var plain = TinyLlama.Create();
        var adapted = Random(AdaptedModel.Inject(model, Config(kind, m)));
        var lora = AsLora(adapted, plain);

        Assert.InRange(TinyAdapters.Distance(Logits(lora, plain), Logits(adapted, model)), 0, Tolerance);
    }

    [Theory]
    [InlineData(ShortcutKind.None, MergeMethod.Exact)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights)]
    [InlineData(ShortcutKind.Block, MergeMethod.Exact)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Dropped)]
    public void Merge_EveryStructure_IsThatOfLora(ShortcutKind kind, MergeMethod method)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var plain = TinyLlama.Create();
        var adapted = Random(AdaptedModel.Inject(model, Config(kind)));
        using var expected = Merger.Merge(AsLora(adapted, plain), method);

        using var merged = Merger.Merge(adapted, method);

        Assert.All(expected.Blocks.Zip(merged.Blocks), pair =>
            Assert.InRange(TinyAdapters.Distance(pair.First.Update.MergedWeight(), pair.Second.Update.MergedWeight()), 0, Tolerance));
        if (method == MergeMethod.Exact)
        {
            var unmerged = Logits(adapted, model);
            using (merged.Apply())
            {
                Assert.InRange(TinyAdapters.Distance(unmerged, PeftFiles.Logits(model)), 0, Tolerance);
            }
        }
    }

    [Fact]
    public void Forward_PrunedUnderTheMiddleShortcut_StillFeedsLaterBlocks()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Random(AdaptedModel.Inject(model, Config(ShortcutKind.Middle)));
        var before = Logits(adapted, model);
        var first = (AdaLoraBlock)adapted["model.layers.0.self_attn.q_proj"];
        var prunedRow = first.E.eq(0).flatten().nonzero().item<long>();

        using (no_grad())
        {
            first.A[prunedRow] = zeros(16);
        }

        Assert.True(TinyAdapters.Distance(before, Logits(adapted, model)) > 100 * Tolerance);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Forward_ManyTimes_LeavesNoTensors(ShortcutKind kind)
    {
        using var model = TinyLlama.Create();
        var adapted = Random(AdaptedModel.Inject(model, Config(kind)));
        Logits(adapted, model).Dispose();

        Assert.Equal(0, LiveTensors.Growth(() => Logits(adapted, model).Dispose()));
    }

    internal static AdapterConfig Config(ShortcutKind kind, int m = 1) => TinyAdapters.Config(kind, m) with { Method = "adalora" };

    /// <summary>Draws every factor, and prunes one triplet of each block.</summary>
    internal static AdaptedModel Random(AdaptedModel adapted)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(19, CPU);
        foreach (var (n, block) in adapted.Blocks.Cast<AdaLoraBlock>().Index())
        {
            foreach (var (_, factor) in block.Factors)
            {
                factor.copy_(randn(factor.shape, generator: generator) * 0.5);
            }

            block.E[(n + (n / 3)) % block.Config.Rank] = zeros(1);   // another one in each block of a chain
        }

        return adapted;
    }

    private static AdaptedModel AsLora(AdaptedModel adapted, LlamaModel plain)
    {
        var rank = adapted.Config.Rank;
        var lora = AdaptedModel.Inject(plain, adapted.Config with { Method = null, Alpha = adapted.Config.Alpha / (rank + 1e-5) * rank });
        using var noGradient = no_grad();
        foreach (var (mine, theirs) in adapted.Blocks.Cast<AdaLoraBlock>().Zip(lora.Blocks))
        {
            theirs.A.copy_(mine.A);
            theirs.B.copy_(mine.B * mine.E.t());
        }

        foreach (var block in adapted.Blocks)
        {
            adapted.Statistics.Restore(block.ModuleName, [1], [1]);
            lora.Statistics.Restore(block.ModuleName, [1], [1]);
        }

        return lora;
    }

    private static Tensor Logits(AdaptedModel adapted, LlamaModel model)
    {
        using var pass = adapted.BeginPass();
        return PeftFiles.Logits(model);
    }
}
