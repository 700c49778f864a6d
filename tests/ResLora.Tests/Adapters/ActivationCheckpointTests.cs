using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class ActivationCheckpointTests
{
    private const double Tolerance = 1e-6;   // the same operations in the same order; gradients may be summed in another

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Run_Gradients_EqualThoseWithoutCheckpointing(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m)).WithRandomB();
        Prepare(model, adapted);

        var (plainLoss, plain) = Gradients(model, adapted);
        model.RunLayer = ActivationCheckpoint.Run;
        var (loss, checkpointed) = Gradients(model, adapted);

        Assert.Equal(plainLoss, loss);
        AssertSame(plain, checkpointed);
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Run_GradientsWithDropout_UseTheMasksOfTheFirstRun(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m, dropout: 0.3)).WithRandomB();
        Prepare(model, adapted);

        random.manual_seed(9);
        var (plainLoss, plain) = Gradients(model, adapted);
        model.RunLayer = ActivationCheckpoint.Run;
        random.manual_seed(9);
        var (loss, checkpointed) = Gradients(model, adapted);
        var after = rand(1).item<float>();
        random.manual_seed(9);
        model.RunLayer = null;
        Gradients(model, adapted);

        Assert.Equal(plainLoss, loss);
        AssertSame(plain, checkpointed);
        // The second run draws its masks again, which must not move the stream of whoever draws next.
        Assert.Equal(rand(1).item<float>(), after);
    }

    [Fact]
    public void Run_LayersUpToTheFirstAdaptedOne_AreComputedOnce()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var config = new AdapterConfig { Rank = 2, Targets = TargetModules.Matching(@".*\.1\.self_attn\.q_proj") };
        Prepare(model, AdaptedModel.Inject(model, config).WithRandomB());
        var runs = 0;
        model.RunLayer = (layer, inputs) => ActivationCheckpoint.Run(
            tensors =>
            {
                runs++;
                return layer(tensors);
            },
            inputs);

        model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean().backward();

        // Layers 0 and 1 once, those above twice.
        Assert.Equal(2 + (2 * (model.LayerCount - 2)), runs);
    }

    [Fact]
    public void Run_TrainableEmbedding_GetsItsGradientToo()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var embedding = model.named_parameters().First(p => p.name == "model.embed_tokens.weight").parameter;
        embedding.requires_grad = true;

        model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean().backward();
        var plain = embedding.grad!.clone();
        embedding.grad = null;
        model.RunLayer = ActivationCheckpoint.Run;
        model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean().backward();

        Assert.True(TinyAdapters.Distance(plain, embedding.grad!) < Tolerance);
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Run_FrozenEmbedding_EveryBMovesWithinThreeSteps(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m));
        Prepare(model, adapted);
        model.RunLayer = ActivationCheckpoint.Run;
        using var optimizer = optim.AdamW(adapted.TrainableParameters().Select(p => p.Value), lr: 0.01);

        for (var step = 0; step < 3; step++)
        {
            optimizer.zero_grad();
            model.Logits(model.Hidden(TinyLlama.Ids(2, 6, seed: step))).square().mean().backward();
            optimizer.step();
        }

        Assert.All(adapted.Blocks, b => Assert.True(b.B.abs().max().item<float>() > 0, b.ModuleName));
    }

    [Fact]
    public void Run_Training_GathersEachBatchOnce()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Middle)).WithRandomB();
        Prepare(model, adapted);

        Gradients(model, adapted);
        model.RunLayer = ActivationCheckpoint.Run;
        Gradients(model, adapted);

        Assert.All(adapted.Statistics.InputNorms, n => Assert.Equal(2, n.Value.Count));
        Assert.All(adapted.Statistics.LowNorms, n => Assert.Single(n.Value.Distinct()));
    }

    [Fact]
    public void Run_WithoutGradients_RunsTheLayerDirectly()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var x = ones(2);
        var runs = 0;

        using var y = ActivationCheckpoint.Run(
            inputs =>
            {
                runs++;
                return inputs[0] * 2;
            },
            [x]);

        Assert.Equal(1, runs);
        Assert.Equal(4, y.sum().item<float>());
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Run_ManySteps_LeaveNothingAlive(ShortcutKind kind, int m)
    {
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m)).WithRandomB();
        Prepare(model, adapted);
        model.RunLayer = ActivationCheckpoint.Run;
        Steps(2);

        var two = LiveTensors.Growth(() => Steps(2));
        var six = LiveTensors.Growth(() => Steps(6));

        Assert.Equal(two, six);

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var scope = NewDisposeScope();
                Gradients(model, adapted);
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static void Prepare(CausalLanguageModel model, AdaptedModel adapted)
    {
        model.BeginForward = mask => adapted.BeginPass(mask);
        model.train();
    }

    /// <summary>Loss and gradients of one step, the batch being padded.</summary>
    private static (double Loss, Dictionary<string, Tensor> Gradients) Gradients(CausalLanguageModel model, AdaptedModel adapted)
    {
        var mask = ones(2, 6, dtype: int64);
        mask[1, 4..] = 0;
        var loss = model.Logits(model.Hidden(TinyLlama.Ids(2, 6), mask)).square().mean();
        loss.backward();
        var gradients = adapted.TrainableParameters().ToDictionary(p => p.Key, p => p.Value.grad!.clone());
        foreach (var (_, parameter) in adapted.TrainableParameters())
        {
            parameter.grad = null;
        }

        return (loss.item<float>(), gradients);
    }

    private static void AssertSame(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual) =>
        Assert.All(expected, e =>
        {
            Assert.True(e.Value.abs().max().item<float>() > 0, $"{e.Key} has no gradient");
            Assert.True(TinyAdapters.Distance(e.Value, actual[e.Key]) < Tolerance, e.Key);
        });
}
