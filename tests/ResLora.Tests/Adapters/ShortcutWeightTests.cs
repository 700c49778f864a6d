using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>γ in whole models: what they compute, what merges and what is saved.</summary>
public sealed class ShortcutWeightTests
{
    private const double Tolerance = 1e-5;   // float32: W + s·BA is rounded once more than W x + s·B A x

    public static TheoryData<ShortcutKind, int> Shortcuts => new()
    {
        { ShortcutKind.Input, 1 }, { ShortcutKind.Block, 1 }, { ShortcutKind.Block, ShortcutConfig.AllPrevious }, { ShortcutKind.Middle, 2 },
    };

    [Theory]
    [MemberData(nameof(Shortcuts))]
    public void ShortcutWeight_Zero_ComputesPlainLoraBitForBit(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        var (plainLoss, plain) = Gradients(ShortcutKind.None, 1, 1);
        var (loss, gradients) = Gradients(kind, m, 0);
        var (shortcutLoss, _) = Gradients(kind, m, 0.01);

        Assert.Equal(plainLoss, loss);
        Assert.NotEqual(plainLoss, shortcutLoss);
        Assert.Equal(24, gradients.Count);
        Assert.All(plain, g => Assert.Equal(0, TinyAdapters.Distance(g.Value, gradients[g.Key])));
    }

    [Theory]
    [MemberData(nameof(Shortcuts))]
    public void ShortcutWeight_Zero_NeedsNoPass(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, m, 0);
        var expected = TinyLlama.Logits(model, TinyLlama.Ids(1, 5));
        model.BeginForward = null;

        Assert.Equal(0, TinyAdapters.Distance(expected, TinyLlama.Logits(model, TinyLlama.Ids(1, 5))));
        Assert.Equal(0, adapted.ShortcutWeight);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    [InlineData(ShortcutKind.Block, 2)]
    public void Merge_ExactAtWeightZero_ComputesTheSameAtTheAdaptersRank(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 7);
        var adapted = Adapt(model, kind, m, 0);
        var unmerged = TinyLlama.Logits(model, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using var applied = merged.Apply();

        Assert.True(merged.IsExact);
        Assert.All(merged.Blocks, b => Assert.Equal(3, b.Pair.A.shape[0]));
        Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)) <= Tolerance * unmerged.abs().max().item<float>());
    }

    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(ShortcutConfig.AllPrevious, 0.7)]
    public void Merge_BlockShortcutAtAWeight_ComputesTheSame(int m, double weight)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 7);
        var adapted = Adapt(model, ShortcutKind.Block, m, 1);
        var whole = TinyLlama.Logits(model, ids);
        adapted.ShortcutWeight = weight;
        var unmerged = TinyLlama.Logits(model, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using var applied = merged.Apply();

        Assert.True(TinyAdapters.Distance(whole, unmerged) > 0.1);
        Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)) <= Tolerance * unmerged.abs().max().item<float>());
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    public void Merge_ExactBeforeTheWeightIsZero_IsRefused(ShortcutKind kind, int m)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, m, 0.125);

        var error = Assert.Throws<ConfigException>(() => Merger.Merge(adapted, MergeMethod.Exact));

        Assert.Contains("at weight 0.125; use least-squares", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares)]
    [InlineData(MergeMethod.Dropped)]
    public void Merge_ApproximateAtWeightZero_IsRefused(MergeMethod method)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Input, 1, 0);

        var error = Assert.Throws<ConfigException>(() => Merger.Merge(adapted, method));

        Assert.Contains("at weight 0; use exact", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, MergeMethod.Input)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Input)]
    public void Merge_PapersScalingsAtAWeight_ScaleTheirAlphas(ShortcutKind kind, MergeMethod method)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, 1, 0.25);
        GatherStatistics(model);

        using var merged = Merger.Merge(adapted, method);
        adapted.ShortcutWeight = 1;
        using var whole = Merger.Merge(adapted, method);

        Assert.All(merged.Blocks, block => Assert.Equal(
            0, TinyAdapters.Distance(adapted[block.ModuleName].B * (1 + Assert.Single(block.Alphas)), block.Pair.B)));
        // By weights later norms depend on the weight, too; the first blocks' do not.
        var sameNorms = merged.Blocks.Zip(whole.Blocks).Where(
            pair => method == MergeMethod.Input || pair.First.ModuleName.Contains(".0.", StringComparison.Ordinal));
        Assert.All(sameNorms, pair => Assert.Equal(0.25 * pair.Second.Alphas[0], pair.First.Alphas[0], 1e-12));
        Assert.Contains(merged.Blocks, block => block.Alphas[0] > 0.1);
    }

    [Fact]
    public void ShortcutWeight_MinusZero_IsZero()
    {
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Input));

        adapted.ShortcutWeight = -0.0;

        Assert.Equal(0, adapted.ShortcutWeight);
    }

    [Fact]
    public void Merge_MiddleByWeightsAtAWeight_ScalesTheEarlierTerms()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Middle, 2, 0.25);
        GatherStatistics(model);

        using var merged = Merger.Merge(adapted, MergeMethod.Weights);

        var block = merged.Blocks.Single(b => b.ModuleName == "model.layers.3.self_attn.q_proj");
        Tensor A(int layer) => adapted[$"model.layers.{layer}.self_attn.q_proj"].A;
        var expected = A(3) + A(2) * block.Alphas[1] + A(1) * block.Alphas[2];
        Assert.True(TinyAdapters.Distance(expected, block.Pair.A) < Tolerance);
        adapted.ShortcutWeight = 1;
        using var whole = Merger.Merge(adapted, MergeMethod.Weights);
        var wholeAlphas = whole.Blocks.Single(b => b.ModuleName == block.ModuleName).Alphas;
        Assert.Equal([1, 0.25 * wholeAlphas[1], 0.25 * wholeAlphas[2]], block.Alphas);
    }

    [Fact]
    public void Forward_DoubledHeadAtAWeight_CountsItsInputOnePlusTheWeight()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { LayerCount = 1 });
        var adapted = Adapt(model, ShortcutKind.Input, 1, 0.25);
        var doubled = TinyLlama.Logits(model, TinyLlama.Ids(2, 5));
        adapted.ShortcutWeight = 0;
        using (no_grad())
        {
            adapted.Blocks.ToList().ForEach(b => b.A.mul_(1.25));   // exact but for a rounding of A's last bit
        }

        var scaled = TinyLlama.Logits(model, TinyLlama.Ids(2, 5));

        Assert.True(TinyAdapters.Distance(doubled, scaled) <= Tolerance * doubled.abs().max().item<float>());
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void ShortcutWeight_OutOfRange_IsRefused(double weight)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Input, 1, 0.5);

        Assert.Throws<ArgumentOutOfRangeException>(() => adapted.ShortcutWeight = weight);

        Assert.Equal(0.5, adapted.ShortcutWeight);
    }

    [Theory]
    [MemberData(nameof(Shortcuts))]
    public void SaveAndLoad_Weight_IsKept(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, m, 0.3);
        var expected = TinyLlama.Logits(model, TinyLlama.Ids(2, 6));
        AdapterStore.Save(adapted, folder["adapter"]);
        using var fresh = TinyLlama.Create();

        var loaded = AdapterStore.Load(fresh, folder["adapter"]);
        fresh.BeginForward = mask => loaded.BeginPass(mask);

        Assert.Equal((0.3, 0.3), (loaded.ShortcutWeight, AdapterStore.Describe(folder["adapter"]).ShortcutWeight));
        Assert.Equal(0, TinyAdapters.Distance(expected, TinyLlama.Logits(fresh, TinyLlama.Ids(2, 6))));
    }

    [Fact]
    public void Load_OlderFolder_HasWeightOne()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.Input, 1, 0.3), folder["adapter"]);
        Edit(folder["adapter"], json => json.Remove("shortcutWeight"));
        using var fresh = TinyLlama.Create();

        var loaded = AdapterStore.Load(fresh, folder["adapter"]);

        Assert.Equal((1, 1), (loaded.ShortcutWeight, AdapterStore.Describe(folder["adapter"]).ShortcutWeight));
    }

    [Theory]
    [InlineData("-0.5", "\"shortcutWeight\" is -0.5; it must be from 0 to 1")]
    [InlineData("1.5", "\"shortcutWeight\" is 1.5; it must be from 0 to 1")]
    [InlineData("1e400", "shortcutWeight")]
    [InlineData("\"NaN\"", "shortcutWeight")]
    [InlineData("\"0.5\"", "shortcutWeight")]
    [InlineData("null", "shortcutWeight")]
    [InlineData("true", "shortcutWeight")]
    public void Describe_ImpossibleWeight_IsNamed(string value, string part)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.Input, 1, 0.3), folder["adapter"]);
        Edit(folder["adapter"], json => json["shortcutWeight"] = "?");
        var path = Path.Combine(folder["adapter"], "reslora_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"?\"", value, StringComparison.Ordinal));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Describe(folder["adapter"]));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains("reslora_config.json", error.Message, StringComparison.Ordinal);
    }

    private static AdaptedModel Adapt(LlamaModel model, ShortcutKind kind, int m, double weight, double dropout = 0)
    {
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m, dropout)).WithRandomB();
        adapted.ShortcutWeight = weight;
        model.BeginForward = mask => adapted.BeginPass(mask);
        return adapted;
    }

    private static void GatherStatistics(LlamaModel model)
    {
        model.train();
        TinyLlama.Logits(model, TinyLlama.Ids(2, 6)).Dispose();
        model.eval();
    }

    /// <summary>A loss in training mode with dropout and its gradients.</summary>
    private static (float Loss, Dictionary<string, Tensor> Gradients) Gradients(ShortcutKind kind, int m, double weight)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind, m, weight, dropout: 0.2);
        model.train();
        random.manual_seed(3);
        var loss = model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean();
        loss.backward();
        return (loss.item<float>(), adapted.TrainableParameters().ToDictionary(p => p.Key, p => p.Value.grad!.clone()));
    }

    private static void Edit(string folder, Action<JsonObject> change)
    {
        var path = Path.Combine(folder, "reslora_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
