using ResLora.Adapters;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class ShortcutPassTests
{
    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Forward_WithoutAPass_SaysWhatToDo(ShortcutKind kind)
    {
        using var model = TinyLlama.Create();
        AdaptedModel.Inject(model, TinyAdapters.Config(kind));

        var error = Assert.Throws<InvalidOperationException>(() => model.Hidden(TinyLlama.Ids(1, 3)));

        Assert.Contains("BeginPass", error.Message, StringComparison.Ordinal);
        Assert.Contains("model.layers.0.self_attn.q_proj", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Nested_HidesTheOuterPassAndGivesItBack()
    {
        using var outer = ShortcutPass.Open();
        using (var inner = ShortcutPass.Open())
        {
            Assert.Same(inner, ShortcutPass.Current);
        }

        Assert.Same(outer, ShortcutPass.Current);
    }

    [Fact]
    public void Dispose_TheLastPass_LeavesNoneOpen()
    {
        ShortcutPass.Open().Dispose();

        Assert.Null(ShortcutPass.Current);
    }

    [Fact]
    public void Forward_InsideAnotherPass_ReadsNothingOfIt()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Middle, ShortcutConfig.AllPrevious)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        var ids = TinyLlama.Ids(2, 5);
        var alone = TinyLlama.Logits(model, ids);
        var layer = 0;
        Tensor? nested = null;
        model.RunLayer = (body, inputs) =>
        {
            // In the middle of the outer pass, another forward pass of the same model.
            if (layer++ == 2)
            {
                var runner = model.RunLayer;
                model.RunLayer = null;
                nested = TinyLlama.Logits(model, ids).DetachFromDisposeScope();
                model.RunLayer = runner;
            }

            return body(inputs);
        };

        var around = TinyLlama.Logits(model, ids);

        Assert.Equal(0, TinyAdapters.Distance(alone, around));
        Assert.Equal(0, TinyAdapters.Distance(alone, nested!));
        nested!.Dispose();
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Forward_TwoThreadsAtOnce_GivesTheNumbersOfEachAlone(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        Tensor[] ids = [TinyLlama.Ids(2, 5, seed: 1), TinyLlama.Ids(1, 9, seed: 2)];
        var alone = ids.Select(i => TinyLlama.Logits(model, i)).ToArray();
        using var bothInLayerOne = new Barrier(2);
        model.RunLayer = (body, inputs) =>
        {
            // Both threads stand between the same two layers before either goes on.
            bothInLayerOne.SignalAndWait(TestContext.Current.CancellationToken);
            return body(inputs);
        };

        var together = new Tensor[2];
        var threads = ids.Select((tensor, i) => new Thread(() => together[i] = TinyLlama.Logits(model, tensor))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.Equal(0, TinyAdapters.Distance(alone[0], together[0]));
        Assert.Equal(0, TinyAdapters.Distance(alone[1], together[1]));
        together[0].Dispose();
        together[1].Dispose();
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Step_EndedPass_LeavesNothingAlive(ShortcutKind kind, int m)
    {
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m, dropout: 0.1)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        model.train();
        Step();

        var growth = LiveTensors.Growth(Step);

        Assert.Equal(0, growth);

        void Step()
        {
            using var scope = NewDisposeScope();
            model.zero_grad();
            model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean().backward();
            foreach (var (_, parameter) in adapted.TrainableParameters())
            {
                parameter.grad?.Dispose();
            }
        }
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    [InlineData(ShortcutKind.Middle, 3)]
    public void Carried_DuringAPass_IsOnlyWhatLaterBlocksRead(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var config = TinyAdapters.Config(kind, m) with { Targets = TargetModules.Suffixes("q_proj") };
        var adapted = AdaptedModel.Inject(model, config);
        model.BeginForward = mask => adapted.BeginPass(mask);
        var live = new List<long>();
        model.RunLayer = (body, inputs) =>
        {
            var output = body(inputs);
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return output;
        };

        TinyLlama.Logits(model, TinyLlama.Ids(1, 4)).Dispose();

        // One tensor more with each layer until the window is full; the last layer hands on nothing.
        var carried = live.Select(count => count - live[0] + 1).ToArray();
        Assert.Equal([1, Math.Min(2, m), Math.Min(3, m), Math.Min(3, m) - 1], carried);
    }

    [Fact]
    public void Earlier_AnotherNumberOfTokens_CutsTheLink()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        using var model = new Pair();
        var adapted = AdaptedModel.Inject(model, new AdapterConfig
        {
            Targets = TargetModules.Suffixes("q"),
            Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input, FirstBlock = FirstBlock.Once },
        }).WithRandomB();
        Tensor x = randn(1, 5, 4), shorter = randn(1, 3, 4);
        using var noGradient = no_grad();

        Tensor linked, cut, alone;
        using (adapted.BeginPass())
        {
            adapted.Blocks[0].call(x);
            linked = adapted.Blocks[1].call(x);
        }

        using (adapted.BeginPass())
        {
            adapted.Blocks[0].call(x);
            cut = adapted.Blocks[1].call(shorter);
        }

        using (adapted.BeginPass())
        {
            alone = adapted.Blocks[1].call(shorter);
        }

        Assert.Equal(0, TinyAdapters.Distance(alone, cut));
        var lora = adapted.Blocks[1].Pair;
        Assert.True(TinyAdapters.Distance(adapted.Blocks[1].BaseLayer.call(x) + ResLoraMath.InputShortcut(x, x, lora), linked) < 1e-5);
    }

    [Fact]
    public void BeginPass_InTraining_GathersStatisticsWithoutPadding()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Middle));
        model.BeginForward = mask => adapted.BeginPass(mask);
        var ids = TinyLlama.Ids(1, 6);
        var mask = tensor(new long[,] { { 1, 1, 1, 1, 0, 0 } });

        TinyLlama.Logits(model, ids, mask);
        Assert.True(adapted.Statistics.IsEmpty);
        model.train();
        TinyLlama.Logits(model, ids, mask);
        var padded = adapted.Statistics.InputNorm("model.layers.1.mlp.down_proj");
        using var shorter = ids.narrow(1, 0, 4);
        TinyLlama.Logits(model, shorter);

        Assert.Equal(12, adapted.Statistics.InputNorms.Count);
        Assert.Equal(12, adapted.Statistics.LowNorms.Count);
        Assert.Equal(
            [padded, padded],
            adapted.Statistics.InputNorms["model.layers.1.mlp.down_proj"].Select(v => Math.Abs(v - padded) < 1e-4 ? padded : v));
    }

    /// <summary>Two layers of one chain.</summary>
    private sealed class Pair : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "layers")] private readonly ModuleList<Half> _layers = new(new Half(), new Half());

        public Pair() : base(nameof(Pair)) => RegisterComponents();

        public override Tensor forward(Tensor input) => _layers[1].call(_layers[0].call(input));
    }

    private sealed class Half : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "q")] private readonly nn.Module<Tensor, Tensor> _q = nn.Linear(4, 4);

        public Half() : base(nameof(Half)) => RegisterComponents();

        public override Tensor forward(Tensor input) => _q.call(input);
    }
}
