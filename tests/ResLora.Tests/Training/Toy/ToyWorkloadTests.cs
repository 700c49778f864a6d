using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Toy;

/// <summary>The trainer knows no token: points with values are trained, evaluated and resumed by the very same loop.</summary>
public sealed class ToyWorkloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(ShortcutKind kind)
    {
        var config =
            new TrainConfig { Steps = 40, BatchSize = 8, LearningRate = 0.02, Threads = 1, CheckpointEvery = 10, EvaluateEvery = 10 };
        var (whole, adapter) = Setup("whole", kind, config);
        var (parts, _) = Setup("parts", kind, config);
        var (rest, resumed) = Setup("parts", kind, config);

        var expected = new Trainer(whole).Run(stop: TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var stopped = new Trainer(parts).Run(new StopAfter(23, stop), stop: stop.Token);
        var actual = new Trainer(rest).Run(resume: true, stop: TestContext.Current.CancellationToken);

        Assert.Equal(23, stopped.Steps);
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.True(expected.BestMetric < 0.5 * expected.Losses[0].Loss);
        Assert.All(
            adapter.BlockParameters().Zip(resumed.BlockParameters()),
            p => Assert.Equal(p.First.Value.data<float>().ToArray(), p.Second.Value.data<float>().ToArray()));
    }

    [Fact]
    public void Run_OtherExamples_AreNoContinuation()
    {
        var config = new TrainConfig { Steps = 4, BatchSize = 8, Threads = 1, CheckpointEvery = 2 };
        var (first, _) = Setup("other", ShortcutKind.None, config);
        new Trainer(first).Run(stop: TestContext.Current.CancellationToken);
        var (second, _) = Setup("other", ShortcutKind.None, config);

        var error = Assert.Throws<ConfigException>(() =>
            new Trainer(second with { Train = [.. second.Train.Reverse()] }).Run(
                resume: true, stop: TestContext.Current.CancellationToken));

        Assert.Contains("the training data", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private (TrainSetup Setup, AdaptedModel Adapter) Setup(string folder, ShortcutKind kind, TrainConfig config)
    {
        var network = new ToyNetwork(seed: 3);
        var adapted = AdaptedModel.Inject(
            network,
            new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("mix"), Shortcut = new ShortcutConfig { Kind = kind } });
        var setup = new TrainSetup(
            new ToyObjective(network, network.Predict), [.. adapted.TrainableParameters()], Examples(0, 48), Examples(48, 16), config, _folder[folder],
            path => AdapterStore.Save(adapted, Path.Combine(path, "adapter")))
        {
            Adapter = adapted,
        };
        return (setup, adapted);
    }

    private static IExample[] Examples(int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => Enumerable.Range(1, ToyNetwork.Width).Select(k => MathF.Sin(i * k * 0.7f)).ToArray()).Select(p => new ToyExample(p, p[0] - (0.5f * p[1])))];
}
