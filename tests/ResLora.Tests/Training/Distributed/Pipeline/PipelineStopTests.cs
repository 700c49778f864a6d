using ResLora.Adapters;
using ResLora.Models;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class PipelineStopTests : IDisposable
{
    private const int Ranks = 3;

    private readonly PipelineBench _bench = new();

    private static TrainConfig Config { get; } = PipelineBench.Config with { Steps = 4, BatchSize = 1 };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_OneRankStoppedInAnEvaluation_EndsAllThereAndMakesItWhenResumed(int asked)
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Middle);
        var whole = _bench.Train(Ranks, adapter, Config, "whole");

        var stopped = Train(asked, adapter);
        var resumed = _bench.Train(Ranks, adapter, Config, "parts", resume: true);

        Assert.All(stopped, rank => Assert.Equal((2, true), (rank.Result.Steps, rank.Result.Interrupted)));
        Assert.All(stopped, rank => Assert.Empty(rank.EvaluationLosses));
        Assert.Equal(whole[0].EvaluationLosses, resumed[0].EvaluationLosses);
        Assert.All(resumed, rank => Assert.Equal(whole[0].Weights, rank.Weights));
    }

    /// <summary>Trains until a rank hears, as soon as it has sent something in an evaluation, that it is to stop.</summary>
    private RankRun[] Train(int asked, AdapterConfig adapter)
    {
        CausalLanguageModel? its = null;
        _bench.ChangeModel = (rank, model) => its = rank == asked ? model : its;
        var runs = ThreadRanks.Run(Ranks, ranks =>
        {
            using var stop = new CancellationTokenSource();
            void Sent(int to, int length)
            {
                if (ranks.Rank == asked && !its!.training)
                {
                    stop.Cancel();
                }
            }

            return _bench.Train(new Rendezvous(ranks) { Sent = Sent }, adapter, Config, "parts", stop: stop.Token);
        });
        _bench.ChangeModel = (_, _) => { };
        return runs;
    }
}
