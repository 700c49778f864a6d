using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Training.Distributed;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Running;

public sealed class PipelineTrainJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const double Tolerance = 1e-5;   // sums over ranks are added in another order

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    public void Run_Pipeline_LeavesTheAdapterOfOneProcess(ShortcutKind kind)
    {
        var one = TrainJob.Run(Config($"one-{kind}", kind), stop: TestContext.Current.CancellationToken);

        var several = ThreadRanks.Run(2, ranks => Run(Config($"two-{kind}", kind), ranks));

        Assert.Equal(one.TrainableParameters, several[1].TrainableParameters);
        var (expected, actual) = (new RunFolder(one.RunFolder), new RunFolder(several[0].RunFolder));
        Assert.Equal(AdapterStore.Describe(expected.Best).Config, AdapterStore.Describe(actual.Best).Config);
        AssertSameTensors(expected.Best, actual.Best);
        AssertSameTensors(expected.Last, actual.Last);
        Assert.True(File.Exists(actual.LossPlot));
    }

    [Fact]
    public void Run_PipelineOfAllWeights_IsRefusedBeforeAWeightIsRead()
    {
        var config = Config("full", ShortcutKind.None) with { Adapter = null };

        var error = Assert.Throws<AggregateException>(() => ThreadRanks.Run(2, ranks => Run(config, ranks)));

        Assert.All(error.InnerExceptions, one => Assert.Contains("all weights", Assert.IsType<ConfigException>(one).Message, StringComparison.Ordinal));
    }

    private static TrainReport Run(RunConfig config, ICommunicator ranks) =>
        TrainJob.Run(config, watch: null, resume: false, progress: null, ranks, TestContext.Current.CancellationToken);

    private static void AssertSameTensors(string expected, string actual)
    {
        using var scope = NewDisposeScope();
        using var one = SafetensorsReader.Open(AdapterStore.Describe(expected).TensorFile);
        using var several = SafetensorsReader.Open(AdapterStore.Describe(actual).TensorFile);
        Assert.Equal(one.Entries.Keys.Order(), several.Entries.Keys.Order());
        Assert.All(one.Entries.Keys, name => Assert.Equal(0, (one.Read(name) - several.Read(name)).abs().max().to(float64).item<double>(), Tolerance));
    }

    private RunConfig Config(string name, ShortcutKind kind)
    {
        var config = world.Run(name, kind);
        return config with { Training = config.Training with { AccumulationSteps = 3, Parallel = Parallelism.Pipeline } };
    }
}
