using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Layers;

public sealed class ConvolutionSiteTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string> Layers => ["plain", "strided", "dilated", "same", "line", "point"];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Forward_OfABlock_IsTheLayerWithItsMergedWeight(string kind)
    {
        var (model, x) = (new OneLayer(Layer(kind)), Input(kind));
        foreach (var method in (string?[])[null, "dora"])
        {
            var adapted = Adapt(model, method);
            var merged = Merger.Merge(adapted, MergeMethod.Exact);
            var unmerged = model.call(x);
            using (merged.Apply())
            {
                Assert.Equal(Layer(kind).GetType(), model.named_children().Single().module.GetType());
                Assert.True(TinyAdapters.Distance(unmerged, model.call(x)) < 1e-5);
            }

            adapted.Remove();
            Assert.True(TinyAdapters.Distance(unmerged, model.call(x)) > 1e-2);
        }
    }

    [Fact]
    public void Gradients_OfFactors_AreThoseOfTheirFormula()
    {
        var layer = nn.Conv2d(3, 4, (3, 2), (2, 1), (1, 0), dtype: float64);
        var site = LayerSite.Of("layer", layer)!;
        var (a, b, x) = (GradientCheck.Leaf(2, 3, 3, 2), GradientCheck.Leaf(4, 2, 1, 1), GradientCheck.Leaf(2, 3, 5, 4));
        GradientCheck.Run(() => LoraMath.Delta(x, new LoraPair(a, b, 1.5) { Site = site }), a, b, x);
    }

    [Theory]
    [InlineData(2, PaddingModes.Zeros, "2 groups")]
    [InlineData(1, PaddingModes.Reflect, "reflect padding")]
    public void Inject_LayersThatFactorsDoNotFit_AreRefusedAndTheModelIsLeftAsItWas(int groups, PaddingModes mode, string reason)
    {
        var layer = nn.Conv2d(4, 4, 3, padding: 1, padding_mode: mode, groups: groups);
        var model = new OneLayer(layer);

        var error = Assert.Throws<ConfigException>(() => Adapt(model, null));

        Assert.Contains($"'layer' is a convolution with {reason}", error.Message, StringComparison.Ordinal);
        Assert.Same(layer, model.named_children().Single().module);
    }

    [Fact]
    public void Product_OfEveryPadding_IsTheLayersOwn()
    {
        foreach (var mode in (PaddingModes[])[PaddingModes.Zeros, PaddingModes.Reflect, PaddingModes.Replicate, PaddingModes.Circular])
        {
            var layer = nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 1), (1, 2), padding_mode: mode, groups: 2, bias: false);
            var x = randn(2, 4, 6, 7);
            Assert.True(TinyAdapters.Distance(layer.call(x), LayerSite.Of("layer", layer)!.Product(x, layer.weight)) < 1e-6);
        }
    }

    [Fact]
    public void Gradients_OfALinesInput_AreTheSameInEveryPass()
    {
        // libtorch's own now and then take in memory that nobody has written, where outputs do not fill a vector.
        var site = LayerSite.Of("layer", nn.Conv1d(64, 64, 3, padding: 1))!;
        var (a, x) = (randn(4, 64, 3), randn(2, 64, 48).requires_grad_());
        Tensor Gradient() => autograd.grad([site.Down(x, a).sum()], [x])[0];
        var first = Gradient();
        var repeats = Enumerable.Range(0, 200).Select(_ => TinyAdapters.Distance(first, Gradient()));
        Assert.All(repeats, distance => Assert.Equal(0, distance, 1e-4));
    }

    [Fact]
    public void AllLinear_TakesNoConvolutions_AndANameDoes()
    {
        var model = new TwoLayers();
        var config = new AdapterConfig { Rank = 2, Targets = TargetModules.AllLinear };
        var all = AdaptedModel.Inject(model, config);
        Assert.Equal(["linear"], all.Blocks.Select(block => block.ModuleName));
        all.Remove();

        var named = AdaptedModel.Inject(model, config with { Targets = TargetModules.Suffixes("conv") });
        Assert.Equal(["conv"], named.Blocks.Select(block => block.ModuleName));
        Assert.Equal([2L, 3, 3, 3], named.Blocks[0].Factors[0].Value.shape);
        Assert.Equal([4L, 2, 1, 1], named.Blocks[0].Factors[1].Value.shape);
        Assert.Equal(["1 block on convolutions"], named.BesidesLora);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("dora")]
    public void SaveAndLoad_KeepEveryNumber(string? method)
    {
        using var folder = new TemporaryFolder();
        var (model, x) = (new OneLayer(Layer("strided")), Input("strided"));
        var adapted = Adapt(model, method);
        AdapterStore.Save(adapted, folder["adapter"]);
        var expected = model.call(x);
        adapted.Remove();

        AdapterStore.Load(model, folder["adapter"]);

        Assert.Equal(0, TinyAdapters.Distance(expected, model.call(x)));
    }

    [Theory]
    [InlineData("line", "loha", "hada_t1 2x2x3x1")]
    [InlineData("wide", "loha", "hada_t1 2x2x3x3")]
    [InlineData("line", "lokr", "lokr_t2 2x2x3x1")]
    public void Inject_WithACore_HasPeftsShape(string kind, string method, string core)
    {
        var model = new OneLayer(kind == "line" ? nn.Conv1d(30, 40, 3) : nn.Conv2d(30, 40, 3));
        var config = new AdapterConfig
        {
            Method = method,
            Rank = 2,
            Targets = TargetModules.Suffixes("layer"),
            Loha = method == "loha" ? new LohaSettings { EffectiveConvolution = true } : null,
            Lokr = method == "lokr" ? new LokrSettings { EffectiveConvolution = true } : null,
        };

        var block = AdaptedModel.Inject(model, config).Blocks[0];

        Assert.Contains(core, block.Factors.Select(factor => $"{factor.Key} {string.Join('x', factor.Value.shape)}"));
        Assert.Equal([block.OutFeatures, block.InFeatures], block.DeltaWeight().shape);
    }

    [Fact]
    public void Save_OfANetworkThatIsNoLanguageModel_NamesNoTask()
    {
        using var folder = new TemporaryFolder();
        AdapterStore.Save(Adapt(new OneLayer(Layer("plain")), null), folder["adapter"]);

        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["adapter"], "adapter_config.json")));

        // With CAUSAL_LM PEFT asks the network for what only those have, and does not open the folder.
        Assert.Equal(JsonValueKind.Null, config.RootElement.GetProperty("task_type").ValueKind);
    }

    private static AdaptedModel Adapt(nn.Module model, string? method)
    {
        var adapted = AdaptedModel.Inject(
            model, new AdapterConfig { Rank = 2, Alpha = 3, Method = method, Targets = TargetModules.Suffixes("layer") });
        using var noGradient = no_grad();
        foreach (var (_, factor) in adapted.Blocks[0].Factors)
        {
            factor.add_(randn(factor.shape) * 0.3);
        }

        return adapted;
    }

    private static Convolution Layer(string kind) => kind switch
    {
        "strided" => nn.Conv2d(3, 4, (3, 2), (2, 1), (1, 0)),
        "dilated" => nn.Conv2d(3, 4, (2, 3), dilation: (2, 1), bias: false),
        "same" => nn.Conv2d(3, 4, (2, 3), Padding.Same),
        "line" => nn.Conv1d(3, 4, 3, stride: 2, padding: 1),
        "point" => nn.Conv2d(3, 4, 1),
        _ => nn.Conv2d(3, 4, 3),
    };

    private static Tensor Input(string kind) => kind == "line" ? randn(2, 3, 7) : randn(2, 3, 6, 7);

    private sealed class OneLayer : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "layer")] private readonly nn.Module<Tensor, Tensor> _layer;

        public OneLayer(nn.Module<Tensor, Tensor> layer) : base(nameof(OneLayer))
        {
            _layer = layer;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _layer.call(input);
    }

    private sealed class TwoLayers : nn.Module
    {
        [ComponentName(Name = "conv")] private readonly nn.Module<Tensor, Tensor> _conv = nn.Conv2d(3, 4, 3);
        [ComponentName(Name = "linear")] private readonly nn.Module<Tensor, Tensor> _linear = nn.Linear(4, 4);

        public TwoLayers() : base(nameof(TwoLayers)) => RegisterComponents();
    }
}
