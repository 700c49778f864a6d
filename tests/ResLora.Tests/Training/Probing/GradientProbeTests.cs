using ResLora.Adapters;
using ResLora.Adapters.Gradients;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using ResLora.Training.Objectives;
using ResLora.Training.Probing;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Probing;

public sealed class GradientProbeTests
{
    private const double Tolerance = 1e-5;   // float32: the same sums in another order

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Measure_EveryStructure_SplitsWhatAutogradGives(ShortcutKind kind, int m)
    {
        using var bench = new Bench(TinyAdapters.Config(kind, m));

        var result = bench.Probe.Measure();

        bench.Backward();
        Assert.Equal(bench.Adapter.Blocks.Select(block => block.ModuleName), result.Blocks.Select(block => block.Module));
        Assert.All(result.Blocks, block => Assert.InRange(block.Deviation, 0, Tolerance));
        Assert.All(result.Blocks.Zip(bench.Adapter.Blocks), pair =>
        {
            AssertClose(Norm(pair.Second.A.grad!), pair.First.GradientA.Whole);
            AssertClose(Norm(pair.Second.B.grad!), pair.First.GradientB.Whole);
        });
        Assert.Equal(kind != ShortcutKind.None && m != 0, result.Blocks.Any(block => block.GradientA.Shortcut > 0));
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Measure_InputsOfLaterLayers_AreSplitIntoBothPaths(ShortcutKind kind)
    {
        using var bench = new Bench(TinyAdapters.Config(kind));

        var blocks = bench.Probe.Measure().Blocks.ToDictionary(block => block.Module);

        // Layer 0 reads what no trained weight comes before, and no later block reads the last layer's input.
        Assert.Null(blocks["model.layers.0.self_attn.q_proj"].Input);
        Assert.Null(blocks["model.layers.2.self_attn.q_proj"].Input);
        var (own, shortcut) = bench.PathsOf("model.layers.1.self_attn.q_proj");
        AssertClose(own, blocks["model.layers.1.self_attn.q_proj"].Input!.Own);
        AssertClose(shortcut, blocks["model.layers.1.self_attn.q_proj"].Input!.Shortcut);
        // They read the same.
        Assert.Null(blocks["model.layers.1.self_attn.v_proj"].Input);
    }

    [Fact]
    public void Measure_ANewAdapter_HasNoGradientThroughItsShortcuts()
    {
        using var bench = new Bench(TinyAdapters.Config(ShortcutKind.Input), withRandomB: false);

        var block = bench.Probe.Measure().Blocks.Single(block => block.Module == "model.layers.1.self_attn.q_proj");

        Assert.Equal((0, 0), (block.GradientA.Own, block.Input!.Shortcut));
        Assert.True(block.GradientB.Own > 0 && block.GradientB.Shortcut > 0 && block.Input.Own > 0);
    }

    [Fact]
    public void Measure_AnInputShortcut_MeasuresWhatItAddsAndItsAlphas()
    {
        using var bench = new Bench(TinyAdapters.Config(ShortcutKind.Input));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (x, earlier) = bench.Inputs("model.layers.1.self_attn.q_proj", "model.layers.0.self_attn.q_proj");
        var pair = bench.Adapter["model.layers.1.self_attn.q_proj"].Pair;
        Tensor own = LoraMath.Delta(x, pair), added = LoraMath.Delta(earlier, pair);
        Tensor low = LoraMath.Down(x, pair), lowAdded = LoraMath.Down(earlier, pair);

        var block = bench.Probe.Measure().Blocks.Single(block => block.Module == "model.layers.1.self_attn.q_proj");

        AssertClose(Norm(own), block.Forward.Own);
        AssertClose(Norm(added), block.Forward.Shortcut);
        AssertClose((own * added).sum().item<float>() / (Norm(own) * Norm(added)), block.Forward.Cosine!.Value);
        AssertClose((low * lowAdded).sum().item<float>() / low.square().sum().item<float>(), block.AlphaByProjection!.Value);
        AssertClose(Norm(earlier) / Norm(x), block.AlphaByInputs!.Value);
    }

    [Fact]
    public void Measure_ATrainedAdapter_LeavesGradientsStatisticsAndTensorsAsTheyWere()
    {
        using var bench = new Bench(TinyAdapters.Config(ShortcutKind.Middle));
        bench.Backward();
        var before = bench.Adapter.Blocks.Select(block => Norm(block.A.grad!)).ToArray();
        var random = TorchSharp.torch.random.get_rng_state();
        bench.Probe.Measure();

        var growth = LiveTensors.Growth(() => bench.Probe.Measure());

        Assert.Equal(0, growth);
        Assert.Equal(before, bench.Adapter.Blocks.Select(block => Norm(block.A.grad!)));
        Assert.True(bench.Adapter.Statistics.IsEmpty);
        Assert.True(random.equal(TorchSharp.torch.random.get_rng_state()).all().item<bool>());
    }

    [Fact]
    public void Constructor_AnotherMethod_IsRefusedByName()
    {
        using var model = TinyModel.Create();
        var adapter = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.None) with { Method = "loha" });

        var error = Assert.Throws<ConfigException>(() => new GradientProbe(adapter, new NextTokenObjective(model, 0), []));

        Assert.Contains("take an adapter of method lora", error.Message, StringComparison.Ordinal);
        Assert.Contains("q_proj", error.Message, StringComparison.Ordinal);
    }

    private static double Norm(Tensor tensor) => tensor.to(float64).norm().item<double>();

    private static void AssertClose(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 10 * Tolerance * Math.Max(expected, 1e-3), $"{expected} and {actual}");

    /// <summary>A tiny model with an adapter, and sentences of unequal lengths.</summary>
    private sealed class Bench : IDisposable
    {
        private readonly CausalLanguageModel _model = TinyModel.Create();
        private readonly NextTokenObjective _objective;

        public Bench(AdapterConfig config, bool withRandomB = true)
        {
            Adapter = AdaptedModel.Inject(_model, config);
            _ = withRandomB ? Adapter.WithRandomB() : Adapter;
            _model.BeginForward = Adapter.BeginPass;
            _model.eval();
            _objective = new NextTokenObjective(_model, 0);
            Probe = new GradientProbe(Adapter, _objective, TinyModel.Samples(4));
        }

        public AdaptedModel Adapter { get; }

        public GradientProbe Probe { get; }

        /// <summary>Automatic differentiation of the same loss, the ordinary way.</summary>
        public void Backward()
        {
            using var scope = NewDisposeScope();
            using var batch = _objective.Collate(TinyModel.Samples(4));
            (_objective.LossSum(batch) / batch.TargetCount).backward();
        }

        /// <summary>The tokens that two blocks read, without padding.</summary>
        public (Tensor First, Tensor Second) Inputs(string first, string second)
        {
            using var capture = new BlockCapture();
            using var batch = _objective.Collate(TinyModel.Samples(4));
            using var observation = Adapter.Observe(capture);
            _objective.Forward(batch);
            return (capture.TokensOf(Adapter[first]), capture.TokensOf(Adapter[second]));
        }

        /// <summary>
        /// ‖what reaches a block's input otherwise‖ and ‖what the next blocks of all chains hand straight to it‖, by autograd alone.
        /// </summary>
        public (double Own, double Shortcut) PathsOf(string name)
        {
            using var scope = NewDisposeScope();
            using var capture = new BlockCapture();
            using var batch = _objective.Collate(TinyModel.Samples(4));
            Tensor loss;
            using (Adapter.Observe(capture))
            {
                loss = _objective.LossSum(batch) / batch.TargetCount;
            }

            var readers = Adapter.Blocks.Where(block => ReferenceEquals(capture.Input(block), capture.Input(Adapter[name]))).ToArray();
            var later = readers.Select(block => Adapter.Blocks.Single(next => next.Previous.Contains(block))).ToArray();
            var found = autograd.grad([loss], [capture.Input(Adapter[name]), .. later.Select(capture.Output)]);
            Tensor Straight(int i)
            {
                // ∂/∂x of ⟨δ_n, s B_n A_v x⟩, where v is n under the input shortcut and the reader under the middle one.
                var x = zeros_like(capture.Input(Adapter[name])).requires_grad_(true);
                var down = Adapter.Config.Shortcut.Kind == ShortcutKind.Input ? later[i] : readers[i];
                (LoraMath.Delta(x, later[i].Pair with { A = down.A }) * found[i + 1].detach()).sum().backward();
                return x.grad!;
            }

            Assert.True(readers.Length > 1);
            var straight = Enumerable.Range(0, readers.Length).Select(Straight).Aggregate((all, one) => all + one);
            return (Norm(found[0] - straight), Norm(straight));
        }

        public void Dispose() => _model.Dispose();
    }
}
