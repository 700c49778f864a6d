using ResLora.Models.Llama;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Llama;

public sealed class LlamaModelTests
{
    private const double Tolerance = 2e-5;   // float32: masked and unmasked attention are different kernels

    public static TheoryData<string> Families => new() { "llama", "mistral", "qwen2", "qwen3" };

    [Fact]
    public void Constructor_SevenBillionParameters_AllocatesNothing()
    {
        var config = new LlamaConfig
        {
            HiddenSize = 4096,
            IntermediateSize = 11008,
            LayerCount = 32,
            HeadCount = 32,
            VocabularySize = 32000,
        };
        new LlamaModel(TinyLlama.Config).Dispose();   // libtorch itself is loaded before memory is measured
        var before = Environment.WorkingSet;

        using var model = new LlamaModel(config);

        var shapes = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        Assert.Equal(6738415616, shapes.Values.Sum(s => s.Aggregate(1L, (a, b) => a * b)));
        Assert.Equal(3 + 32 * 9, shapes.Count);
        Assert.Equal([11008, 4096], shapes["model.layers.31.mlp.up_proj.weight"]);
        Assert.Equal([32000, 4096], shapes["lm_head.weight"]);
        Assert.All(model.parameters(), p => Assert.Equal(TorchSharp.DeviceType.META, p.device_type));
        Assert.True(Environment.WorkingSet - before < 1L << 30, "26 GB of weights must not be allocated for their shapes");
    }

    [Theory]
    [InlineData("llama", true, new[] { "model.embed_tokens.weight", "model.norm.weight" })]
    [InlineData("llama", false, new[] { "lm_head.weight", "model.embed_tokens.weight", "model.norm.weight" })]
    public void Parameters_OutsideTheLayers_DependOnTheTie(string family, bool tied, string[] expected)
    {
        using var model = new LlamaModel(TinyLlama.Config with { ModelType = family, TieWordEmbeddings = tied });

        Assert.Equal(
            expected, model.named_parameters().Select(p => p.name).Where(n => !n.Contains(".layers.", StringComparison.Ordinal)).Order());
    }

    [Theory]
    [InlineData("llama", 9)]
    [InlineData("qwen2", 12)]
    [InlineData("qwen3", 11)]
    public void Parameters_OfALayer_DependOnTheFamily(string family, int expected)
    {
        using var model = new LlamaModel(TinyLlama.Config with { ModelType = family, ConfiguredHeadSize = 4 });

        var names =
            model.named_parameters().Select(p => p.name).Where(n => n.StartsWith("model.layers.0.", StringComparison.Ordinal)).ToArray();

        Assert.Equal(expected, names.Length);
        Assert.Equal(family == "qwen3", names.Contains("model.layers.0.self_attn.q_norm.weight"));
        Assert.Equal(family == "qwen2", names.Contains("model.layers.0.self_attn.k_proj.bias"));
        Assert.DoesNotContain("model.layers.0.self_attn.o_proj.bias", names);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Hidden_LaterTokens_DoNotChangeEarlierLogits(string family)
    {
        using var scope = NewDisposeScope();
        using var model = Create(family);
        var ids = TinyLlama.Ids(1, 8);
        var changed = ids.clone();
        changed[0, 5] = 3;
        changed[0, 6] = 4;

        var difference = (TinyLlama.Logits(model, ids) - TinyLlama.Logits(model, changed)).abs().amax([0, 2]).data<float>().ToArray();

        Assert.All(difference[..5], d => Assert.True(d < 1e-6));
        Assert.True(difference[7] > 1e-3);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Hidden_LeftPadding_GivesTheNextTokenLogitsOfTheBareSequence(string family)
    {
        using var scope = NewDisposeScope();
        using var model = Create(family);
        Tensor first = TinyLlama.Ids(1, 8, seed: 1), second = TinyLlama.Ids(1, 5, seed: 2);
        var batch = cat([first, cat([zeros(1, 3, dtype: int64), second], 1)], 0);
        var mask = ones(2, 8, dtype: int64);
        mask[1, ..3] = 0;

        var together = TinyLlama.Logits(model, batch, mask);

        AssertClose(TinyLlama.Logits(model, first), together.narrow(0, 0, 1));
        AssertClose(TinyLlama.Logits(model, second), together.narrow(0, 1, 1).narrow(1, 3, 5));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Hidden_RightPadding_NeedsNoMaskForTheRealTokens(string family)
    {
        using var scope = NewDisposeScope();
        using var model = Create(family);
        var ids = TinyLlama.Ids(2, 8);
        var mask = ones(2, 8, dtype: int64);
        mask[1, 5..] = 0;

        Tensor masked = TinyLlama.Logits(model, ids, mask), fast = TinyLlama.Logits(model, ids, mask, rightPadded: true);

        AssertClose(masked.narrow(0, 0, 1), fast.narrow(0, 0, 1));
        AssertClose(masked.narrow(0, 1, 1).narrow(1, 0, 5), fast.narrow(0, 1, 1).narrow(1, 0, 5));
    }

    [Fact]
    public void Hidden_SlidingWindow_ForgetsWhatLiesBeforeIt()
    {
        using var scope = NewDisposeScope();
        // One layer: what it sees is the window and nothing else; more layers would pass older tokens on.
        using var model = TinyLlama.Create(TinyLlama.Config with { ModelType = "mistral", ConfiguredSlidingWindow = 3, LayerCount = 1 });
        var ids = TinyLlama.Ids(1, 8);
        var changed = ids.clone();
        changed[0, 2] = (ids[0, 2].item<long>() + 1) % TinyLlama.VocabularySize;

        var difference = (TinyLlama.Logits(model, ids) - TinyLlama.Logits(model, changed)).abs().amax([0, 2]).data<float>().ToArray();

        Assert.Equal([false, false, true, true, true, false, false, false], difference.Select(d => d > 1e-5));
    }

    [Fact]
    public void Hidden_WindowFromALayerOn_UsesBothMasks()
    {
        using var scope = NewDisposeScope();
        var config = TinyLlama.Config with { ModelType = "qwen2", ConfiguredSlidingWindow = 2, UseSlidingWindow = true, LayerCount = 2 };
        using var none = TinyLlama.Create(config with { MaxWindowLayers = 2 });
        using var half = TinyLlama.Create(config with { MaxWindowLayers = 1 });
        using var all = TinyLlama.Create(config with { MaxWindowLayers = 0 });
        var ids = TinyLlama.Ids(1, 6);

        Tensor[] logits = [TinyLlama.Logits(none, ids), TinyLlama.Logits(half, ids), TinyLlama.Logits(all, ids)];

        Assert.True(TinyAdapters.Distance(logits[0], logits[1]) > 1e-3);
        Assert.True(TinyAdapters.Distance(logits[1], logits[2]) > 1e-3);
        using var plain = TinyLlama.Create(config with { UseSlidingWindow = false });
        Assert.Equal(0, TinyAdapters.Distance(logits[0], TinyLlama.Logits(plain, ids)));
    }

    [Fact]
    public void Hidden_SlidingWindowWithCache_EqualsAllAtOnce()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = TinyLlama.Create(TinyLlama.Config with { ModelType = "mistral", ConfiguredSlidingWindow = 3 });
        var ids = TinyLlama.Ids(1, 9);
        using var cache = model.CreateCache(9);

        var pieces = new[] { (0, 2), (2, 4), (6, 1), (7, 1), (8, 1) }
            .Select(p => model.Logits(model.Hidden(ids.narrow(1, p.Item1, p.Item2), cache: cache)))
            .ToArray();

        AssertClose(TinyLlama.Logits(model, ids), cat(pieces, 1));
    }

    [Fact]
    public void Hidden_AttentionDropout_IsThereInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        using var plain = TinyLlama.Create();
        using var model = TinyLlama.Create(TinyLlama.Config with { AttentionDropout = 0.5 });
        var ids = TinyLlama.Ids(1, 9);
        var expected = TinyLlama.Logits(plain, ids);

        var evaluated = TinyLlama.Logits(model, ids);
        model.train();
        var trained = TinyLlama.Logits(model, ids);

        Assert.True(evaluated.eq(expected).all().item<bool>());
        Assert.False(trained.allclose(expected));
    }

    [Fact]
    public void Logits_TiedHead_UsesTheEmbedding()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = true });
        var hidden = randn(1, 2, 16);

        var embedding = model.named_parameters().First(p => p.name == "model.embed_tokens.weight").parameter;

        AssertClose(hidden.matmul(embedding.t()), model.Logits(hidden));
    }

    [Fact]
    public void Hidden_BeginForward_IsOpenedAndClosedOnceAPass()
    {
        using var model = TinyLlama.Create();
        var events = new List<string>();
        model.BeginForward = mask =>
        {
            events.Add(mask is null ? "open" : "open with mask");
            return new Closing(() => events.Add("close"));
        };
        model.RunLayer = (layer, inputs) =>
        {
            events.Add("layer");
            return layer(inputs);
        };

        using var ids = TinyLlama.Ids(1, 3);
        using var mask = ones(1, 3, dtype: int64);
        model.Hidden(ids, mask, rightPadded: true).Dispose();

        Assert.Equal(["open with mask", "layer", "layer", "layer", "layer", "close"], events);
    }

    [Fact]
    public void Hidden_ManyPasses_LeaveNothingAlive()
    {
        using var model = TinyLlama.Create();
        using var ids = TinyLlama.Ids(2, 6);
        using var mask = ones(2, 6, dtype: int64);

        var growth = LiveTensors.Growth(() =>
        {
            using var noGradient = no_grad();
            model.Hidden(ids).Dispose();
            model.Hidden(ids, mask).Dispose();
            using var cache = model.CreateCache(6);
            model.Hidden(ids, mask, cache).Dispose();
        });

        Assert.Equal(0, growth);
    }

    private static LlamaModel Create(string family) =>
        TinyLlama.Create(TinyLlama.Config with { ModelType = family, ConfiguredHeadSize = 4 });

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.True(TinyAdapters.Distance(expected, actual) <= Tolerance * expected.abs().max().item<float>());

    private sealed class Closing(Action closed) : IDisposable
    {
        public void Dispose() => closed();
    }
}
