using ResLora.Adapters;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Planning;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

/// <summary>What is planned for the processes of a pipeline, against what they do.</summary>
public sealed class StageLoadTests : IDisposable
{
    private const int Hidden = 16;
    private const int Width = sizeof(float);

    private readonly PipelineBench _bench = new();
    private readonly CausalLanguageModel _model;

    public StageLoadTests() => _model = ModelRegistry.BuildCausal(_bench["model"]);

    public void Dispose()
    {
        _model.Dispose();
        _bench.Dispose();
    }

    [Theory]
    [InlineData(ShortcutKind.None, 1)]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Block, 1)]
    [InlineData(ShortcutKind.Middle, 1)]
    [InlineData(ShortcutKind.Middle, ShortcutConfig.AllPrevious)]
    public void Create_WhatAPassSends_IsWhatTravels(ShortcutKind kind, int previous)
    {
        var config = PipelineBench.Config with { Steps = 1, AccumulationSteps = 1 };
        var adapter = PipelineBench.Adapter(kind, previous);

        var sent = Sent(3, adapter, config);

        // Of a pass it is a message of shapes, and then the tensors.
        var planned = Plan(3, adapter, config).Stages.Select(stage => stage.SentBytes);
        Assert.Equal(planned, sent.Select(lengths => (long?)lengths.Skip(1).Sum()));
        Assert.Equal(0, sent[^1].Sum());
    }

    [Fact]
    public void Of_AnyNumberOfStages_HoldsEveryWeightOnceAndTheLastNormEverywhere()
    {
        var whole = BaseMemory.Of(_bench["model"], _model, null);

        var stages = StageLoad.Of(_bench["model"], _model, null, 3);

        Assert.Equal(whole.Own + whole.Mapped + (2 * Hidden * Width), stages.Sum(stage => stage.Weights.Own + stage.Weights.Mapped));
        Assert.Equal(5, stages.Sum(stage => stage.Share.Count));
    }

    [Fact]
    public void Create_OneStage_TakesWhatAProcessDoesAndTheRowOfGradients()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Input);
        var config = PipelineBench.Config;

        var alone = Plan(1, adapter, config);

        using var model = ModelRegistry.BuildCausal(_bench["model"]);
        var adapted = AdaptedModel.Inject(model, adapter);
        var expected = RunPlan.Create(model, adapted, Data, config, BaseMemory.Of(_bench["model"], model, null)).Memory!;
        Assert.Equal(expected with { Trained = expected.Trained + (adapted.TrainableCount * Width) }, Assert.Single(alone.Stages).Memory);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 2, 2, 1)]
    [InlineData(8, 3, 2, 1)]
    public void Create_ManyPasses_KeepsThoseUnderWay(int passes, params int[] kept)
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.None);
        var config = PipelineBench.Config with { AccumulationSteps = passes };

        var plan = Plan(3, adapter, config);

        Assert.Equal(kept, plan.Stages.Select(stage => stage.PassesKept));
        // In the middle there is neither a head nor a loss: as many times what one pass keeps.
        var one = Plan(3, adapter, config with { AccumulationSteps = 1 }).Stages[1].Memory!.Activations;
        Assert.Equal(one * kept[1], plan.Stages[1].Memory!.Activations);
    }

    [Fact]
    public void Create_LimitOnMemory_IsKeptByEveryProcess()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Input);
        var config = PipelineBench.Config with { BatchSize = 4 };
        var wanted = Plan(3, adapter, config).Stages.Max(stage => stage.Memory!.Total);

        var plans = Enumerable.Range(0, 3).Select(rank => Plan(3, adapter, config with { MaxMemory = $"{wanted - 1}" }, rank)).ToArray();

        Assert.All(plans, plan => Assert.Equal(plans[0].Choice!.Config, plan.Choice!.Config));
        Assert.True(plans[0].Choice!.Wanted > plans[0].Choice!.Limit);
        Assert.All(plans, plan => Assert.All(plan.Stages, stage => Assert.InRange(stage.Memory!.Total, 1, wanted - 1)));
        Assert.Equal(plans[0].Stages.Select(stage => stage.Memory), plans.Select(plan => plan.Memory));
    }

    private static TokenizedData Data => new(TinyModel.Samples(24));

    private RunPlan Plan(int stages, AdapterConfig adapter, TrainConfig config, int rank = 0)
    {
        using var model = ModelRegistry.BuildCausal(_bench["model"]);
        var adapted = AdaptedModel.Inject(model, adapter);
        return RunPlan.Create(
            model, adapted, Data, config, BaseMemory.Of(_bench["model"], model, null), available: null,
            StageLoad.Of(_bench["model"], model, null, stages), rank);
    }

    /// <summary>The lengths of what each rank sends to the one behind while it trains.</summary>
    private List<int>[] Sent(int count, AdapterConfig adapter, TrainConfig config)
    {
        var models = new CausalLanguageModel[count];
        _bench.ChangeModel = (rank, model) => models[rank] = model;
        return ThreadRanks.Run(count, ranks =>
        {
            var lengths = new List<int>();
            void Note(int to, int length)
            {
                if (to == ranks.Rank + 1 && models[ranks.Rank].training)
                {
                    lengths.Add(length);
                }
            }

            _bench.Train(new Rendezvous(ranks) { Sent = Note }, adapter, config, "sent");
            return lengths;
        });
    }
}
