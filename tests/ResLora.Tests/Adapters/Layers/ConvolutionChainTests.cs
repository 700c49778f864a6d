using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Layers;

/// <summary>Shortcuts among convolutions of equal geometry.</summary>
public sealed class ConvolutionChainTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Chains_EndWhereTheGeometryChanges()
    {
        var adapted = Adapt(new Stack(), ShortcutKind.Input);

        Assert.Equal([["parts.0.conv", "parts.1.conv"], ["parts.2.conv"]], adapted.Chains.Select(chain => chain.Blocks));
        Assert.Contains("stride 2x2", Assert.Single(adapted.Breaks).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Forward_OfEveryShortcut_IsItsFormula(ShortcutKind kind)
    {
        var model = new Stack();
        var adapted = Adapt(model, kind);
        var (first, second) = ((LowRankBlock)adapted.Blocks[0], (LowRankBlock)adapted.Blocks[1]);
        var (x, next) = (randn(2, 3, 6, 5), randn(2, 3, 6, 5));
        using var noGradient = no_grad();
        using var pass = adapted.BeginPass();
        first.call(x);

        Tensor Product(Tensor input, AdapterBlock block) => block.Site.Product(input, block.Site.OfMatrix(block.DeltaWeight()));
        var delta = kind switch
        {
            ShortcutKind.Input => Product(next + x, second),
            ShortcutKind.Block => Product(next, second) + Product(next, first),
            _ => second.Site.Up(first.Site.Down(x, first.Pair.A) + second.Site.Down(next, second.Pair.A), second.Pair.B) * second.Scaling,
        };

        Assert.True(TinyAdapters.Distance(second.BaseLayer.call(next) + delta, second.call(next)) < 1e-5);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, MergeMethod.Input)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Input)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Weights)]
    [InlineData(ShortcutKind.Block, MergeMethod.Exact)]
    [InlineData(ShortcutKind.Input, MergeMethod.Dropped)]
    public void Merge_WithoutTexts_FitsConvolutions_AndItsErrorsAreMeasured(ShortcutKind kind, MergeMethod method)
    {
        var model = new Stack();
        var adapted = Adapt(model, kind);
        var x = randn(2, 3, 6, 5);
        // A mask of tokens says nothing of images.
        using (adapted.BeginPass(tensor(new long[] { 1, 1, 1, 0, 0, 0 }).view(2, 3)))
        {
            model.call(x);
        }

        model.eval();
        using var merged = Merger.Merge(adapted, method);
        var errors = new ModuleErrors([merged]);
        using var noGradient = no_grad();
        Tensor unmerged;
        using (adapted.Observe(errors))
        using (adapted.BeginPass(tensor(new long[] { 1, 1, 1, 0, 0, 0 }).view(2, 3)))
        {
            unmerged = model.call(x);
        }

        using (merged.Apply())
        {
            var distance = TinyAdapters.Distance(unmerged, model.call(x));
            Assert.Equal(method == MergeMethod.Exact, distance < 1e-5);
        }

        Assert.Equal(3, errors.Of(0).Count);
        Assert.Equal(method == MergeMethod.Exact, errors.Of(0).All(error => error.Update < 1e-5));
    }

    [Fact]
    public void Statistics_CountAllOfAnImage()
    {
        var model = new Stack();
        var adapted = Adapt(model, ShortcutKind.Input);
        var x = randn(2, 3, 6, 5);
        using (adapted.BeginPass(tensor(new long[] { 1, 0, 0, 0, 0, 0 }).view(2, 3)))
        {
            model.call(x);
        }

        Assert.Equal(x.norm().item<float>(), adapted.Statistics.InputNorm("parts.0.conv"), 4);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares)]
    [InlineData(MergeMethod.Projection)]
    public void Merge_ByCalibration_IsRefusedAndNamesWhatWorks(MergeMethod method)
    {
        var error = Assert.Throws<ConfigException>(() => Merger.Merge(Adapt(new Stack(), ShortcutKind.Input), method));

        Assert.Contains(
            "'parts.1.conv' (convolution), since only linear layers have rows of tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("use input or weights or dropped", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Down_FewOutputs_HasGradientsThatAreNumbers()
    {
        var site = (ConvolutionSite)LayerSite.Of("conv", nn.Conv2d(16, 16, 3, padding: 1))!;
        for (var i = 0; i < 300; i++)
        {
            using var scope = NewDisposeScope();
            var input = randn(2, 16, 6, 5).requires_grad_(true);

            site.Down(input, randn(2, 16, 3, 3)).square().sum().backward();

            Assert.True(input.grad!.isfinite().all().item<bool>(), $"pass {i}");
        }
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Gradients_WithCheckpoints_AreThoseWithout(ShortcutKind kind)
    {
        // Layers of 16 outputs, since libtorch's own gradients of smaller ones may be no numbers (ConvolutionSite).
        var model = new Stack(channels: 16);
        var adapted = Adapt(model, kind);
        var x = randn(2, 16, 6, 5).requires_grad_(true);

        var plain = Gradients(false);
        var checkpointed = Gradients(true);

        // Of its own size: libtorch's products add in an order that depends on where their tensors lie.
        Assert.All(plain.Zip(checkpointed), pair => Assert.Equal(
            0, TinyAdapters.Distance(pair.First, pair.Second) / pair.First.abs().max().item<float>(), 1e-6));
        Assert.All(plain, gradient => Assert.True(gradient.abs().max().item<float>() > 0));

        List<Tensor> Gradients(bool checkpoints)
        {
            model.zero_grad();
            using (adapted.BeginPass())
            {
                model.Run(x, checkpoints).square().sum().backward();
            }

            return [.. adapted.BlockParameters().Select(parameter => parameter.Value.grad!.clone())];
        }
    }

    private static AdaptedModel Adapt(Stack model, ShortcutKind kind)
    {
        var adapted = AdaptedModel.Inject(model, new AdapterConfig
        {
            Rank = 2,
            Alpha = 3,
            Targets = TargetModules.Suffixes("conv"),
            Shortcut = new ShortcutConfig { Kind = kind },
        });
        using var noGradient = no_grad();
        foreach (var (_, factor) in adapted.BlockParameters())
        {
            factor.add_(randn(factor.shape) * 0.3);
        }

        return adapted;
    }

    /// <summary>Two convolutions alike and one with another stride.</summary>
    private sealed class Stack : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "parts")] private readonly ModuleList<Part> _parts = new();

        public Stack(long channels = 3) : base(nameof(Stack))
        {
            foreach (var stride in new[] { 1, 1, 2 })
            {
                _parts.Add(new Part(channels, stride));
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => Run(input, checkpoints: false);

        public Tensor Run(Tensor input, bool checkpoints) => _parts.Aggregate(
            input, (x, part) => checkpoints ? ActivationCheckpoint.Run(inputs => part.call(inputs[0]), [x]) : part.call(x));
    }

    private sealed class Part : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "conv")] private readonly nn.Module<Tensor, Tensor> _conv;

        public Part(long channels, long stride) : base(nameof(Part))
        {
            _conv = nn.Conv2d(channels, channels, 3, stride: stride, padding: 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => nn.functional.gelu(_conv.call(input));
    }
}
