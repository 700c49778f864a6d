using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraConvolutionTests
{
    private const double Tolerance = 1e-5;   // float32: products in another order

    [Fact]
    public void Forward_Convolution_IsPefts()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvolutionModel();
        var block = Filled(AdaptedModel.Inject(model, Config));

        var output = model.call(Formula.Numbers([2, 2, 5, 6], 9, 2));

        // PEFT 0.20.1.dev0 in float64, the same numbers in every tensor.
        Assert.Equal([2, 4, 3, 4], output.shape);
        double[] expected = [-1.0983405529, 0.4222962645, -1.2885171526, 0.7401538977, -1.8571583904, -1.9975083644];
        Assert.All(expected.Zip(output.flatten().data<float>()), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        double[] delta = [-0.6224281963, -0.3750366935, -0.2573815457, -0.2002122164];
        Assert.All(delta.Zip(block.DeltaWeight().flatten().data<float>()), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Fact]
    public void SaveLoadAndMerge_Convolution_AreTheSameModel()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ConvolutionModel();
        var adapted = AdaptedModel.Inject(model, Config);
        Filled(adapted);
        var x = Formula.Numbers([2, 2, 5, 6], 9, 2);
        var expected = model.call(x);

        AdapterStore.Save(adapted, folder["adapter"]);
        adapted.Remove();
        var loaded = AdapterStore.Load(model, folder["adapter"]);

        Assert.Equal([3, 12], ((AdaLoraBlock)loaded.Blocks[0]).A.shape);   // flat, as PEFT has it
        Assert.Equal(0, TinyAdapters.Distance(expected, model.call(x)));
        using var merged = Merger.Merge(loaded, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(expected, model.call(x)), 0, Tolerance);
        }
    }

    [Fact]
    public void Inject_ConvolutionWithGroups_IsRefused()
    {
        using var model = new ConvolutionModel(groups: 2);

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, Config));

        Assert.Contains("2 groups", error.Message, StringComparison.Ordinal);
    }

    private static AdapterConfig Config { get; } =
        new() { Method = "adalora", Rank = 3, Alpha = 6, Targets = TargetModules.Suffixes("conv") };

    private static AdaLoraBlock Filled(AdaptedModel adapted)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var block = (AdaLoraBlock)adapted.Blocks[0];
        Tensor[] tensors = [block.Site.Weight, block.Site.Bias!, block.A, block.B, block.E];
        foreach (var (k, values) in tensors.Index())
        {
            values.copy_(Formula.Numbers(values.shape, k, 2));
        }

        return block;
    }

    private sealed class ConvolutionModel : nn.Module<Tensor, Tensor>
    {
        public ConvolutionModel(long groups = 1) : base(nameof(ConvolutionModel))
        {
            _conv = nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 0), (1, 2), groups: groups);
            register_module("conv", _conv);
        }

        private readonly nn.Module<Tensor, Tensor> _conv;

        public override Tensor forward(Tensor input) => _conv.call(input);
    }
}
