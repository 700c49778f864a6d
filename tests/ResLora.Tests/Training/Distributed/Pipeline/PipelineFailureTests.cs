using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class PipelineFailureTests : IDisposable
{
    private readonly PipelineBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0, "model.layers.0.self_attn.o_proj.weight")]
    [InlineData(1, "model.layers.2.self_attn.o_proj.weight")]
    [InlineData(2, "model.layers.4.self_attn.o_proj.weight")]
    public void Run_BadNumbersOfOneRank_EndAllAndNameTheRank(int rank, string weight)
    {
        _bench.ChangeModel = (mine, model) => Fill(model, weight, float.NaN, mine == rank);

        var errors = Failures(3, PipelineBench.Config);

        AssertNamed(errors, 1, weight, rank);
        Assert.False(Directory.Exists(_bench["run/last"]));
    }

    [Fact]
    public void Run_NumbersThatOverflowInALayer_NameTheRankThatGaveThemFirst()
    {
        const float largest = 3e38f;   // a number yet, and of a sum of two it is none
        _bench.ChangeModel = (mine, model) => Fill(model, "model.layers.2.self_attn.o_proj.weight", largest, mine == 1);

        AssertNamed(Failures(3, PipelineBench.Config), 1, "the output of layer 3", rank: 1);
    }

    [Fact]
    public void Run_BadNumbersOfOneRankInTheEvaluation_EndAllAndNameTheRank()
    {
        const string weight = "model.layers.2.self_attn.o_proj.weight";
        CausalLanguageModel? spoiled = null;
        _bench.ChangeModel = (mine, model) => spoiled = mine == 1 ? model : spoiled;
        _bench.OnEvent = (rank, happened) => Fill(spoiled!, weight, float.NaN, rank == 1 && happened is StepDone { Step: 2 });

        AssertNamed(Failures(3, PipelineBench.Config), 2, weight, rank: 1);
    }

    [Fact]
    public void Run_BadNumbersInTheEvaluation_EndAll()
    {
        // The first step's loss is still a number, and what it makes of the factors is none.
        var errors = Failures(2, PipelineBench.Config with { LearningRate = 1e30, WarmupRatio = 0, EvaluateEvery = 1 });

        Assert.All(errors, error => Assert.Equal(1, error.Step));
    }

    [Theory]
    [InlineData("method")]
    [InlineData("full")]
    [InlineData("metrics")]
    [InlineData("ranks")]
    public void Run_WhatAPipelineCannotDo_IsRefusedByName(string what)
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.None);
        var expected = what switch
        {
            "method" => "AdaLoRA",
            "full" => "all weights",
            "metrics" => "bestMetric",
            _ => "5 layers for 6 processes",
        };
        _bench.Change = what switch
        {
            "full" => setup => setup with { Adapter = null },
            "metrics" => setup => setup with { ExtraMetrics = () => new Dictionary<string, double>() },
            _ => setup => setup,
        };

        var error = Record.Exception(() => _bench.Train(what == "ranks" ? 6 : 2, what == "method" ? adapter with { Method = "adalora" } : adapter, PipelineBench.Config, "run"));

        var all = Assert.IsType<AggregateException>(error).InnerExceptions;
        Assert.All(all, one => Assert.Contains(expected, Assert.IsType<ConfigException>(one).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Require_Settings_RefusesAllByName()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.None) with { Lora = new() { Initialization = ResLora.Adapters.Methods.Lora.LoraInitialization.Pissa } };

        var error = Assert.Throws<ConfigException>(
            () => PipelineTerms.Require(PipelineBench.Config with { Reduction = Reduction.Ordered }, adapter, measuresMore: true));

        Assert.Contains("reduction", error.Message, StringComparison.Ordinal);
        Assert.Contains("bestMetric", error.Message, StringComparison.Ordinal);
        Assert.Contains("initialization", error.Message, StringComparison.Ordinal);
    }

    private TrainingFailedException[] Failures(int ranks, TrainConfig config)
    {
        var all = Assert.Throws<AggregateException>(() => _bench.Train(ranks, PipelineBench.Adapter(ShortcutKind.Middle), config, "run"));
        Assert.Equal(ranks, all.InnerExceptions.Count);
        return [.. all.InnerExceptions.Select(error => Assert.IsType<TrainingFailedException>(error))];
    }

    /// <summary>All have the same fault; those that it is not of say of which rank.</summary>
    private static void AssertNamed(TrainingFailedException[] errors, int step, string tensor, int rank) => Assert.Equal(
        errors.Select(_ => step).Zip([.. errors.Skip(1).Select(_ => $"{tensor} of rank {rank} on host-{rank}"), tensor]).Order(),
        errors.Select(error => (error.Step, error.TensorName)).Order());

    private static void Fill(CausalLanguageModel model, string weight, float value, bool here)
    {
        using var noGradient = torch.no_grad();
        if (here)
        {
            model.named_parameters().Single(p => p.name == weight).parameter.fill_(value);
        }
    }
}
