using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

public sealed class MergerTests
{
    private const double Tolerance = 1e-5;   // float32: W + s·BA is rounded once more than W x + s·B A x
    private const double Scaling = 4.0 / 3;

    public static TheoryData<ShortcutKind, int> ExactStructures => new()
    {
        { ShortcutKind.None, 1 }, { ShortcutKind.Block, 1 }, { ShortcutKind.Block, 2 }, { ShortcutKind.Block, ShortcutConfig.AllPrevious },
    };

    [Theory]
    [MemberData(nameof(ExactStructures))]
    public void Merge_Exact_ComputesTheSameFunction(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 7);
        var plain = TinyLlama.Logits(model, ids);
        var adapted = Adapt(model, kind, m);
        var unmerged = TinyLlama.Logits(model, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        Tensor inForce;
        using (merged.Apply())
        {
            Assert.All(adapted.Blocks, b => Assert.IsType<Linear>(model.named_modules().First(n => n.name == b.ModuleName).module));
            inForce = TinyLlama.Logits(model, ids);
        }

        Assert.True(merged.IsExact);
        Assert.True(TinyAdapters.Distance(plain, unmerged) > 0.1);
        var scale = unmerged.abs().max().item<float>();
        Assert.True(TinyAdapters.Distance(unmerged, inForce) <= Tolerance * scale);
        Assert.Equal(0, TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)));
    }

    [Fact]
    public void Merge_BlockShortcut_RankGrowsWithTheBlocksThatAreRead()
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Block, 2);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);

        var ranks = merged.Blocks.Where(b => b.ModuleName.EndsWith("q_proj", StringComparison.Ordinal)).Select(b => b.Pair.A.shape[0]);
        Assert.Equal([3, 6, 9, 9], ranks);
        Assert.All(merged.Blocks, b => Assert.Empty(b.Alphas));
    }

    [Theory]
    [InlineData(FirstBlock.Doubled, 1)]
    [InlineData(FirstBlock.Once, 0)]
    public void Merge_InputByInputs_FollowsEquation9(FirstBlock first, double firstAlpha)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Input, 1, first);
        SetNorms(adapted, layer => 2 + layer, _ => 0);

        using var merged = Merger.Merge(adapted, MergeMethod.Input);

        Assert.False(merged.IsExact);
        double[] expected = [firstAlpha, 2.0 / 3, 3.0 / 4, 4.0 / 5];
        AssertScaled(adapted, merged, expected);
    }

    [Theory]
    [InlineData(FirstBlock.Doubled, 1)]
    [InlineData(FirstBlock.Once, 0)]
    public void Merge_InputByWeights_FollowsEquation11InLayerOrder(FirstBlock first, double firstAlpha)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Input, 1, first);

        using var merged = Merger.Merge(adapted, MergeMethod.Weights);

        foreach (var chain in adapted.Chains)
        {
            // f* by explicit loops, each from the weights merged before it.
            double[] alphas = new double[4], norms = new double[4];
            for (var n = 0; n < 4; n++)
            {
                alphas[n] = n == 0 ? firstAlpha : n == 1 ? 1 : norms[n - 2] / norms[n - 1];
                var block = adapted[chain.Blocks[n]];
                var sum = 0.0;
                for (var o = 0; o < block.OutFeatures; o++)
                {
                    for (var d = 0; d < block.InFeatures; d++)
                    {
                        double value = block.Site.Weight[o, d].item<float>();
                        for (var r = 0; r < 3; r++)
                        {
                            value += Scaling * (1 + alphas[n]) * block.B[o, r].item<float>() * block.A[r, d].item<float>();
                        }

                        sum += value * value;
                    }
                }

                norms[n] = Math.Sqrt(sum);
                Assert.Equal(alphas[n], Assert.Single(merged.Blocks.First(b => b.ModuleName == chain.Blocks[n]).Alphas), Tolerance);
            }
        }
    }

    [Fact]
    public void Merge_MiddleByInputs_FollowsEquation12()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Middle, 2);
        SetNorms(adapted, _ => 1, layer => 3 + layer);

        using var merged = Merger.Merge(adapted, MergeMethod.Input);

        AssertScaled(adapted, merged, [0, 3.0 / 4, (4.0 + 3) / 5, (5.0 + 4) / 6]);
    }

    [Fact]
    public void Merge_MiddleByWeights_FollowsEquation13()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Middle, 2);
        SetNorms(adapted, layer => 2 + layer, _ => 0);

        using var merged = Merger.Merge(adapted, MergeMethod.Weights);

        var block = merged.Blocks.First(b => b.ModuleName == "model.layers.3.mlp.down_proj");
        Assert.Equal([1, 4.0 / 5, 3.0 / 5], block.Alphas);
        LoraPair Pair(int layer) => adapted[$"model.layers.{layer}.mlp.down_proj"].Pair;
        var down = Pair(3).A + Pair(2).A * (4.0 / 5) + Pair(1).A * (3.0 / 5);
        Assert.True(TinyAdapters.Distance(Pair(3).B.matmul(down) * Scaling, LoraMath.DeltaWeight(block.Pair)) < Tolerance);
        Assert.Equal([1], merged.Blocks.First(b => b.ModuleName == "model.layers.0.mlp.down_proj").Alphas);
    }

    [Fact]
    public void Merge_InputShortcutWithEqualInputs_IsExact()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { LayerCount = 1 });
        var ids = TinyLlama.Ids(2, 5);
        var adapted = Adapt(model, ShortcutKind.Input, 1);
        var unmerged = TinyLlama.Logits(model, ids);

        // A chain of one block, whose own input counts twice: α = 1 says just that.
        using var merged = Merger.Merge(adapted, MergeMethod.Weights);
        using var applied = merged.Apply();

        Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)) <= Tolerance * unmerged.abs().max().item<float>());
    }

    [Fact]
    public void Merge_ChainBreak_StartsAgainWithTheFirstBlock()
    {
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Input) with
        {
            Targets = TargetModules.Suffixes("q_proj"),
            Exclude = TargetModules.Suffixes("layers.1.self_attn.q_proj"),
        }).WithRandomB();
        SetNorms(adapted, layer => 2 + layer, _ => 0);

        using var merged = Merger.Merge(adapted, MergeMethod.Input);

        Assert.Equal([1, 1, 4.0 / 5], merged.Blocks.Select(b => b.Alphas[0]));
    }

    [Theory]
    [InlineData(ShortcutKind.None, MergeMethod.Input, "use exact")]
    [InlineData(ShortcutKind.Block, MergeMethod.Weights, "use exact")]
    [InlineData(ShortcutKind.Input, MergeMethod.Exact, "use least-squares or projection or input or weights or dropped")]
    [InlineData(ShortcutKind.Middle, MergeMethod.Exact, "at weight 1; use least-squares")]
    public void Merge_MethodThatDoesNotFit_NamesThoseThatDo(ShortcutKind kind, MergeMethod method, string part)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, 1);

        var error = Assert.Throws<ConfigException>(() => Merger.Merge(adapted, method));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{MergeMethods.Name(method)}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, MergeMethod.Input)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Input)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Weights)]
    public void Merge_WithoutStatistics_SaysWhichAreMissing(ShortcutKind kind, MergeMethod method)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, 1);

        var error = Assert.Throws<ConfigException>(() => Merger.Merge(adapted, method));

        Assert.Contains("calibration statistics for 'model.layers.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MergedWeight_BFloat16Base_KeepsTheDtype()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(dtype: ScalarType.BFloat16);
        var adapted = Adapt(model, ShortcutKind.Block, 1);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using var applied = merged.Apply();

        Assert.All(merged.Blocks, b => Assert.Equal(bfloat16, merged.MergedWeight(b).dtype));
        Assert.Equal(bfloat16, TinyLlama.Logits(model, TinyLlama.Ids(1, 3)).dtype);
    }

    [Fact]
    public void Apply_LayerWithBias_KeepsTheBiasAfterUnmerging()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { ModelType = "qwen2" });
        using (no_grad())
        {
            foreach (var bias in model.named_parameters().Where(p => p.name.EndsWith(".bias", StringComparison.Ordinal)))
            {
                bias.parameter.fill_(0.5);
            }
        }

        var ids = TinyLlama.Ids(1, 4);
        var adapted = Adapt(model, ShortcutKind.None, 1);
        var before = TinyLlama.Logits(model, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        for (var i = 0; i < 2; i++)
        {
            using (merged.Apply())
            {
                Assert.True(TinyAdapters.Distance(before, TinyLlama.Logits(model, ids)) <= Tolerance * before.abs().max().item<float>());
            }
        }

        Assert.Equal(0, TinyAdapters.Distance(before, TinyLlama.Logits(model, ids)));
    }

    private static AdaptedModel Adapt(LlamaModel model, ShortcutKind kind, int m, FirstBlock first = FirstBlock.Doubled)
    {
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m, first: first)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        return adapted;
    }

    private static void SetNorms(AdaptedModel adapted, Func<int, double> input, Func<int, double> low)
    {
        foreach (var chain in adapted.Chains)
        {
            foreach (var name in chain.Blocks)
            {
                // A window of two batches: their mean counts.
                var layer = int.Parse(name.Split('.')[2], System.Globalization.CultureInfo.InvariantCulture);
                adapted.Statistics.Restore(
                    name, [input(layer) - 1, input(layer) + 1], low(layer) > 0 ? [low(layer) - 0.5, low(layer) + 0.5] : []);
            }
        }
    }

    /// <summary>ΔW = s (1 + α) B A in every block, α by layer.</summary>
    private static void AssertScaled(AdaptedModel adapted, MergedAdapter merged, double[] alphas) => Assert.All(merged.Blocks, block =>
    {
        var alpha = alphas[int.Parse(block.ModuleName.Split('.')[2], System.Globalization.CultureInfo.InvariantCulture)];
        var own = adapted[block.ModuleName].Pair;
        Assert.Equal(alpha, Assert.Single(block.Alphas), 1e-12);
        Assert.True(
            TinyAdapters.Distance(
                own.B.matmul(own.A) * (Scaling * (1 + alpha)), LoraMath.DeltaWeight(block.Pair)) < Tolerance, block.ModuleName);
    });
}
