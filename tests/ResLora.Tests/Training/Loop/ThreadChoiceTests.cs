using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Loop;

public sealed class ThreadChoiceTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 26e6)]
    [InlineData(ScalarType.BFloat16, 130e6)]
    public void Of_ProductsAboveTheMeasuredSize_TakeAllThreads(ScalarType type, double worth)
    {
        using var bench = new TrainingBench(dtype: type);
        var middle = MiddleWeight(bench);
        TokenizedSample sample = new([.. Enumerable.Repeat(5, 100)], [.. Enumerable.Repeat(5, 100)]);
        var batch = (int)(worth / middle / 100);
        int For(int size) =>
            ThreadChoice.Of(bench.Setup with { Train = [sample], Config = new TrainConfig { BatchSize = size } }, usual: 4);

        Assert.Equal(1, For(1));
        Assert.Equal(1, For(batch));
        Assert.Equal(4, For(batch + 1));
    }

    [Fact]
    public void Of_NumberInTheSettings_IsThatNumber()
    {
        using var bench = new TrainingBench();

        Assert.Equal(3, ThreadChoice.Of(bench.Setup with { Config = new TrainConfig { Threads = 3 } }, usual: 4));
    }

    [Fact]
    public void Of_FarMoreThanProcessors_IsRefused()
    {
        using var bench = new TrainingBench();
        int Of(int threads) => ThreadChoice.Of(bench.Setup with { Config = new TrainConfig { Threads = threads } }, usual: 4);
        var most = Math.Max(16, 4 * Environment.ProcessorCount);

        Assert.Equal(most, Of(most));
        Assert.Contains(
            $"training.threads is {most + 1}", Assert.Throws<ConfigException>(() => Of(most + 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SmallModel_GivesTheThreadsBack()
    {
        using var bench = new TrainingBench();
        var before = get_num_threads();
        var during = 0;
        bench.OnEvent = _ => during = get_num_threads();

        bench.Train(TrainingBench.Config with { Threads = 0 });

        Assert.Equal(1, during);
        Assert.Equal(before, get_num_threads());
    }

    [Fact]
    public void ThreadScope_InsideAnother_TakesAShareOfItsThreads()
    {
        var before = get_num_threads();
        var usual = 0;

        using (new ThreadScope(_ => 3))
        {
            using (new ThreadScope(around => (usual = around) - 1))
            {
                Assert.Equal(2, get_num_threads());
            }

            Assert.Equal(3, get_num_threads());
        }

        Assert.Equal(3, usual);
        Assert.Equal(before, get_num_threads());
    }

    private static long MiddleWeight(TrainingBench bench)
    {
        foreach (var (_, parameter) in bench.Setup.Trainable)
        {
            parameter.requires_grad = true;
        }

        long[] sizes = [.. bench.Model.parameters().Where(p => p.dim() == 2 && !p.requires_grad).Select(p => p.numel()).Order()];
        return sizes[sizes.Length / 2];
    }
}
