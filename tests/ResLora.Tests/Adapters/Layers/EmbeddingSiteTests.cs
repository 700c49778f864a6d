using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using TorchSharp;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Layers;

public sealed class EmbeddingSiteTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Inject_BeginsAsPeft_WithAAtZero()
    {
        using var model = TinyLlama.Create();
        var block = Adapt(model, null, drawn: false).Blocks[0];

        Assert.Equal(["lora_embedding_A", "lora_embedding_B"], block.Factors.Select(factor => factor.Key));
        Assert.Equal(0, block.Factors[0].Value.abs().max().item<float>());
        Assert.InRange(block.Factors[1].Value.std().item<float>(), 0.5, 1.5);
        Assert.Equal([2L, model.VocabularySize], block.Factors[0].Value.shape);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("dora")]
    public void Merge_OfABlock_ComputesTheSame(string? method)
    {
        using var model = TinyLlama.Create();
        using var ids = TinyLlama.Ids(2, 6);
        var plain = TinyLlama.Logits(model, ids);
        var adapted = Adapt(model, method);
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        var unmerged = TinyLlama.Logits(model, ids);
        using (merged.Apply())
        {
            Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)) < 1e-4);
        }

        Assert.True(TinyAdapters.Distance(unmerged, plain) > 1e-3);
        adapted.Remove();
        Assert.Equal(0, TinyAdapters.Distance(plain, TinyLlama.Logits(model, ids)));
    }

    [Fact]
    public void Output_OfTorchSharpsEmbedding_IsRowsOfTheSum()
    {
        var embedding = nn.Embedding(7, 4);
        var model = new Holder(embedding);
        var block = AdaptedModel.Inject(
            model, new AdapterConfig { Rank = 2, Alpha = 3, Targets = TargetModules.Suffixes("layer") }).Blocks[0];
        var (a, b) = (block.Factors[0].Value, block.Factors[1].Value);
        using var noGradient = no_grad();
        a.add_(randn(2, 7));
        var ids = tensor(new long[] { 6, 0, 3, 3 }).view(2, 2);

        var expected = (embedding.weight! + (b.matmul(a).t() * 1.5)).index_select(0, ids.flatten()).view(2, 2, 4);

        Assert.True(TinyAdapters.Distance(expected, block.call(ids)) < 1e-5);
        Assert.True(
            TinyAdapters.Distance(
                expected, block.Site.WithWeight(embedding.weight! + block.Site.OfMatrix(block.DeltaWeight())).Layer.call(ids)) < 1e-5);
    }

    [Fact]
    public void Gradients_OfFactors_AreThoseOfTheirFormula()
    {
        var site = LayerSite.Of("layer", nn.Embedding(5, 3, dtype: float64))!;
        var (a, b) = (GradientCheck.Leaf(2, 5), GradientCheck.Leaf(3, 2));
        var ids = tensor(new long[] { 4, 1, 1 });
        GradientCheck.Run(() => LoraMath.Delta(ids, new LoraPair(a, b, 1.5) { Site = site }, dropout: 0.5), a, b);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void Output_HasTheDtypeOfTheRows(ScalarType type)
    {
        var block = AdaptedModel.Inject(
            new Holder(nn.Embedding(7, 4, dtype: type)),
            new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("layer") }).Blocks[0];

        Assert.Equal(type, block.call(tensor(new long[] { 1, 2 })).dtype);
    }

    [Fact]
    public void Inject_WithTheInputShortcut_IsRefused()
    {
        using var model = TinyLlama.Create();

        var error = Assert.Throws<ConfigException>(
            () => AdaptedModel.Inject(model, Config(null) with { Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input } }));

        Assert.Contains(
            "'model.embed_tokens': the input shortcut adds the inputs of layers, and an embedding's are ids",
            error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Shortcuts_LeaveAnEmbeddingAlone(ShortcutKind kind)
    {
        using var model = TinyLlama.Create();
        var config =
            Config(null) with { Targets = TargetModules.Suffixes("embed_tokens", "q_proj"), Shortcut = new ShortcutConfig { Kind = kind } };
        var adapted = AdaptedModel.Inject(model, config);

        Assert.Equal(["model.embed_tokens"], adapted.Chains.First(chain => chain.Blocks.Contains("model.embed_tokens")).Blocks);
    }

    private static AdapterConfig Config(string? method) =>
        new() { Rank = 2, Alpha = 3, Method = method, Targets = TargetModules.Suffixes("embed_tokens") };

    private static AdaptedModel Adapt(LlamaModel model, string? method, bool drawn = true)
    {
        var adapted = AdaptedModel.Inject(model, Config(method));
        using var noGradient = no_grad();
        foreach (var (_, factor) in adapted.Blocks[0].Factors.Where(_ => drawn))
        {
            factor.add_(randn(factor.shape) * 0.3);
        }

        return adapted;
    }

    private sealed class Holder : nn.Module
    {
        [ComponentName(Name = "layer")] private readonly nn.Module<Tensor, Tensor> _layer;

        public Holder(nn.Module<Tensor, Tensor> layer) : base(nameof(Holder))
        {
            _layer = layer;
            RegisterComponents();
        }
    }
}
