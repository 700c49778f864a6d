using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>Adapters of which a smaller rank is taken.</summary>
public sealed class ExportRankTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    // float32, logits of a few units: the merged weight is rounded once, the unmerged update separately.
    private const double Rounding = 1e-4;

    [Theory]
    [InlineData(ShortcutKind.None, null, 4, 4)]
    [InlineData(ShortcutKind.None, 1, 1, 1)]
    [InlineData(ShortcutKind.Block, 2, 2, 4)]
    [InlineData(ShortcutKind.Input, 2, 2, 2)]
    public void Run_ToPeft_IsPlainLoraOfThatRank(ShortcutKind kind, int? rank, int lowest, int highest)
    {
        var output = world.Folder[$"rank-{kind}-{rank}"];

        var report = ExportJob.Run(new ExportOptions { Adapter = DyLora(kind), To = "peft", Output = output, Rank = rank });

        var saved = AdapterStore.Describe(output);
        Assert.Equal(("peft", null), (saved.Format, saved.Config.Method));
        Assert.All(report.Proofs, proof => Assert.InRange(proof.MaxLogitDifference, 0, Rounding));
        Assert.Equal(rank, report.Plan.Rank);
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "adapter_config.json")));
        int[] ranks =
        [
            config.RootElement.GetProperty("r").GetInt32(),
            .. config.RootElement.GetProperty("rank_pattern").EnumerateObject().Select(pattern => pattern.Value.GetInt32()),
        ];
        Assert.Equal((lowest, highest), (ranks.Min(), ranks.Max()));
        Assert.True(ExportCheck.Run(output).Passed);
    }

    [Theory]
    [InlineData("hf")]
    [InlineData("llama.cpp")]
    [InlineData("vllm")]
    public void Run_EveryOtherTarget_TakesARank(string target)
    {
        var report = ExportJob.Run(
            new ExportOptions { Adapter = DyLora(ShortcutKind.None), To = target, Output = world.Folder[$"rank-to-{target}"], Rank = 2 });

        Assert.All(report.Proofs, proof => Assert.Empty(proof.Faults()));
    }

    [Fact]
    public void Run_OtherRanksAndMethods_AreRefusedByName()
    {
        ConfigException Refused(string? adapter, int rank, string? model = null) => Assert.Throws<ConfigException>(() =>
            ExportJob.Plan(new ExportOptions { Adapter = adapter, Model = model, To = "hf", Rank = rank }));

        Assert.Contains("from 1 to 4, and 5", Refused(DyLora(ShortcutKind.None), 5).Message, StringComparison.Ordinal);
        Assert.Contains("LoRA of rank 2", Refused(world.Adapter(ShortcutKind.None), 1).Message, StringComparison.Ordinal);
        Assert.Contains("--adapter", Refused(null, 1, world.Model).Message, StringComparison.Ordinal);
        Assert.Contains(
            "statistics",
            Assert.Throws<ConfigException>(() => ExportJob.Plan(new ExportOptions
            {
                Adapter = DyLora(ShortcutKind.Input),
                To = "hf",
                Rank = 2,
                Method = MergeMethod.Input,
            })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_Rank_WritesPlainLoraOfThatRank()
    {
        var output = world.Folder["rank-merged"];

        var report = MergeJob.Run(
            new MergeOptions { Adapter = DyLora(ShortcutKind.None), As = MergeTarget.Lora, Output = output, Rank = 3 }, null, TestContext.Current.CancellationToken);

        Assert.InRange(report.Loss.MaxLogitDifference, 0, Rounding);
        Assert.Equal(3, AdapterStore.Describe(output).Config.Rank);
    }

    [Fact]
    public void Evaluate_EachRank_HasALossOfItsOwn()
    {
        double Loss(int? rank) => EvaluateJob.Run(
            new EvaluateOptions { Model = world.Model, Adapter = DyLora(ShortcutKind.None), Task = "word-problems", Data = world.Data, Limit = 2, MaxNewTokens = 1, Rank = rank },
            null, TestContext.Current.CancellationToken).Loss.Loss;

        Assert.Equal(Loss(null), Loss(4));
        Assert.NotEqual(Loss(1), Loss(4));
        Assert.Contains(
            "give the adapter",
            string.Join(' ', new EvaluateOptions { Model = "m", Task = "t", Data = "d", Rank = 1 }.Problems()),
            StringComparison.Ordinal);
    }

    private string DyLora(ShortcutKind kind)
    {
        var config = world.Run($"dylora-{kind}", kind);
        var folder = world.Folder[$"dylora-{kind}"];
        if (!Directory.Exists(folder))
        {
            TrainJob.Run(
                config with { Adapter = config.Adapter! with { Method = "dylora", Rank = 4 } },
                stop: TestContext.Current.CancellationToken);
        }

        return new RunFolder(folder).Best;
    }
}
