using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.DyLora;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.DyLora;

public sealed class DyLoraTests
{
    private const double Tolerance = 1e-5;   // float32: W + s·BA is rounded once more than W x + s·B A x

    [Theory]
    [InlineData(ShortcutKind.None, 1)]
    [InlineData(ShortcutKind.None, 2)]
    [InlineData(ShortcutKind.Input, 2)]
    [InlineData(ShortcutKind.Block, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    [InlineData(ShortcutKind.Middle, 3)]
    public void UsedRank_EveryShortcut_IsALoraOfThatRank(ShortcutKind kind, int rank)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var other = TinyLlama.Create();
        var adapted = Adapt(model, kind);
        var lora = AdaptedModel.Inject(other, TinyAdapters.Config(kind) with { Rank = rank });
        CopyFirst(adapted, lora, rank);

        Use(adapted, rank);

        Assert.Equal(0, TinyAdapters.Distance(Logits(lora), Logits(adapted)));
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Block)]
    public void Merge_Exact_IsTheFunctionOfTheUsedRank(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind);
        Use(adapted, 2);
        var unmerged = Logits(adapted);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(unmerged, Logits(adapted)), 0, Tolerance * unmerged.abs().max().item<float>());
        }

        Assert.Equal([2.0], merged.Blocks.Select(block => block.Update.Scaling).Distinct());
        Assert.Equal(kind == ShortcutKind.None ? [2L] : [2L, 4L], merged.Blocks.Select(block => block.Update.Rank).Distinct().Order());
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Middle)]
    public void SaveAndLoad_Whole_IsKeptInOurOwnFolder(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = Adapt(model, kind);

        AdapterStore.Save(adapted, folder["saved"]);
        var loaded = AdapterStore.Load(again, folder["saved"]);

        Assert.Equal("reslora", AdapterStore.Describe(folder["saved"]).Format);
        Assert.Equal((adapted.Config.Method, adapted.Config.DyLora), (loaded.Config.Method, loaded.Config.DyLora));
        Assert.Equal(0, TinyAdapters.Distance(Logits(adapted), Logits(loaded)));
    }

    [Theory]
    [InlineData(ShortcutKind.None, 1)]
    [InlineData(ShortcutKind.Input, 2)]
    [InlineData(ShortcutKind.Block, 3)]
    public void LoadCut_EachRank_IsTheSameLora(ShortcutKind kind, int rank)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = Adapt(model, kind);
        AdapterStore.Save(adapted, folder["saved"]);

        var cut = AdapterStore.Load(again, AdapterStore.Describe(folder["saved"]).CutTo(rank));

        Use(adapted, rank);
        Assert.Equal((null, rank, 4), (cut.Config.Method, cut.Config.Rank, cut.Config.Alpha));
        Assert.Equal(0, TinyAdapters.Distance(Logits(adapted), Logits(cut)));
    }

    [Fact]
    public void LoadCut_ToASmallerRank_LeavesTheStatisticsOfTheWholeRankOut()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var first = TinyLlama.Create();
        using var second = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Middle);
        foreach (var block in adapted.Blocks)
        {
            adapted.Statistics.Restore(block.ModuleName, [1.5], [2.5]);
        }

        AdapterStore.Save(adapted, folder["saved"]);
        var description = AdapterStore.Describe(folder["saved"]);

        Assert.True(AdapterStore.Load(first, description.CutTo(2)).Statistics.IsEmpty);
        Assert.Equal(2.5, AdapterStore.Load(second, description.CutTo(3)).Statistics.LowNorm(adapted.Blocks[0].ModuleName));
    }

    [Theory]
    [InlineData("dylora", 4, "from 1 to 3, and 4")]
    [InlineData("dylora", 0, "from 1 to 3, and 0")]
    [InlineData("lora", 2, "LoRA of rank 3")]
    [InlineData("dora", 2, "DoRA of rank 3")]
    [InlineData("ia3", 2, "(IA)³, and cannot be cut to rank 2")]
    public void CutTo_RankThatWasNotTrained_IsRefused(string method, int rank, string part)
    {
        var config = new AdapterConfig { Method = method, Rank = 3 };

        var error = Assert.Throws<ConfigException>(() => config.Kind.CutTo(config, rank));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadCut_FactorsOfAnotherRankThanWritten_AreRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.None), folder["saved"]);
        var config = Path.Combine(folder["saved"], "reslora_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"rank\": 3", "\"rank\": 5", StringComparison.Ordinal));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(again, AdapterStore.Describe(folder["saved"]).CutTo(2)));

        Assert.Contains("does not fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_WhatDoesNotGoTogether_IsNamed()
    {
        Assert.Contains(
            "rankStabilized",
            Assert.Single(new AdapterConfig { Method = "dylora", RankStabilized = true }.Problems()),
            StringComparison.Ordinal);
        Assert.Contains("dylora", Assert.Single(new AdapterConfig { DyLora = new DyLoraSettings() }.Problems()), StringComparison.Ordinal);
        Assert.Contains(
            "dyLora.distribution",
            Assert.Single(
                new AdapterConfig { Method = "dylora", DyLora = new DyLoraSettings { Distribution = (RankDistribution)9 } }.Problems()),
            StringComparison.Ordinal);
    }

    [Fact]
    public void UsedRank_OutOfRange_Throws()
    {
        using var model = TinyLlama.Create();
        var block = (DyLoraBlock)Adapt(model, ShortcutKind.None).Blocks[0];

        Assert.Throws<ArgumentOutOfRangeException>(() => block.UsedRank = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.UsedRank = 4);
        Assert.Equal(3, block.UsedRank);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Middle)]
    public void Forward_ManyTimes_LeavesNoTensors(ShortcutKind kind)
    {
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, kind);
        Use(adapted, 2);
        Logits(adapted).Dispose();

        Assert.Equal(0, LiveTensors.Growth(() => Logits(adapted).Dispose()));
    }

    private static AdaptedModel Adapt(LlamaModel model, ShortcutKind kind)
    {
        var config = TinyAdapters.Config(kind) with { Method = "dylora", DyLora = new DyLoraSettings { Frozen = true } };
        return AdaptedModel.Inject(model, config).WithRandomB();
    }

    private static Tensor Logits(AdaptedModel adapted)
    {
        using var pass = adapted.BeginPass();
        return PeftFiles.Logits((LlamaModel)adapted.Model);
    }

    private static void Use(AdaptedModel adapted, int rank)
    {
        foreach (var block in adapted.Blocks.Cast<DyLoraBlock>())
        {
            block.UsedRank = rank;
        }
    }

    private static void CopyFirst(AdaptedModel from, AdaptedModel to, int rank)
    {
        using var noGradient = no_grad();
        foreach (var (whole, part) in from.Blocks.Zip(to.Blocks))
        {
            part.A.copy_(whole.A.narrow(0, 0, rank));
            part.B.copy_(whole.B.narrow(1, 0, rank));
        }
    }
}
