using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>What blocks with updates of any rank have in common, for every such method.</summary>
public sealed class DenseBlockTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1

    public static TheoryData<string, ShortcutKind, int, FirstBlock, double> Structures
    {
        get
        {
            var data = new TheoryData<string, ShortcutKind, int, FirstBlock, double>();
            foreach (var method in new[] { "loha", "lokr" })
            {
                data.Add(method, ShortcutKind.None, 1, FirstBlock.Doubled, 1);
                data.Add(method, ShortcutKind.Input, 1, FirstBlock.Doubled, 1);
                data.Add(method, ShortcutKind.Input, 1, FirstBlock.Once, 0.7);
                data.Add(method, ShortcutKind.Input, 1, FirstBlock.Doubled, 0);
                data.Add(method, ShortcutKind.Block, 1, FirstBlock.Doubled, 1);
                data.Add(method, ShortcutKind.Block, 2, FirstBlock.Doubled, 0.7);
                data.Add(method, ShortcutKind.Block, ShortcutConfig.AllPrevious, FirstBlock.Doubled, 0);
            }

            return data;
        }
    }

    [Theory]
    [InlineData("loha", ShortcutKind.None)]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.None)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void Inject_New_ChangesNothing(string method, ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var before = PeftFiles.Logits(model);

        var adapted = AdaptedModel.Inject(model, DenseAdapters.Config(method, kind));

        Assert.Equal(0, TinyAdapters.Distance(before, DenseAdapters.Logits(adapted)));
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Forward_EveryStructure_IsLoraWithTheIdentityForA(string method, ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var plain = TinyLlama.Create();
        using var untouched = TinyLlama.Create();
        var adapted = Square(model, method, kind, m, first, weight);

        var actual = DenseAdapters.Logits(adapted);

        Assert.InRange(TinyAdapters.Distance(DenseAdapters.Logits(DenseAdapters.AsLora(adapted, plain)), actual), 0, Tolerance);
        Assert.True(TinyAdapters.Distance(PeftFiles.Logits(untouched), actual) > 1000 * Tolerance);
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Merge_EveryMethod_IsThatOfLoraWithTheIdentityForA(string method, ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        using var plain = TinyLlama.Create();
        var adapted = Square(model, method, kind, m, first, weight);
        var lora = DenseAdapters.AsLora(adapted, plain);
        foreach (var block in adapted.Blocks)
        {
            adapted.Statistics.Restore(block.ModuleName, [1], [1]);
            lora.Statistics.Restore(block.ModuleName, [1], [1]);
        }

        var methods = adapted.Config.Kind.Merges(kind, weight);

        Assert.Equal(kind == ShortcutKind.Input && weight > 0, methods.Contains(MergeMethod.LeastSquares));
        Assert.All(methods, merge =>
        {
            using var expected = Merger.Merge(lora, new MergeSettings(merge), [Batch(lora)]);
            using var merged = Merger.Merge(adapted, new MergeSettings(merge), [Batch(adapted)]);
            Assert.All(expected.Blocks.Zip(merged.Blocks), pair => Assert.InRange(
                TinyAdapters.Distance(pair.First.Update.MergedWeight(), pair.Second.Update.MergedWeight()), 0, 10 * Tolerance));
        });
    }

    [Theory]
    [InlineData("loha", ShortcutKind.None)]
    [InlineData("loha", ShortcutKind.Block)]
    [InlineData("lokr", ShortcutKind.None)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void Merge_Exact_IsTheFunctionAndComesOffAgain(string method, ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = DenseAdapters.Random(model, DenseAdapters.Config(method, kind, m: 2));
        var unmerged = DenseAdapters.Logits(adapted);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(unmerged, DenseAdapters.Logits(adapted)), 0, Tolerance);
        }

        Assert.Equal(0, TinyAdapters.Distance(unmerged, DenseAdapters.Logits(adapted)));
        using var without = merged.Blocks[0].Update.WithoutEffect();
        Assert.Equal(0, TinyAdapters.Distance(without.MergedWeight(), merged.Blocks[0].Update.Site.Weight));
    }

    [Theory]
    [InlineData("loha")]
    [InlineData("lokr")]
    public void Merge_LeastSquares_BeatsEveryOtherMergeOfEachBlock(string method)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = DenseAdapters.Random(model, DenseAdapters.Config(method, ShortcutKind.Input));
        MergedAdapter Merge(MergeMethod merge) => Merger.Merge(adapted, new MergeSettings(merge) { Ridge = 1e-9 }, [Batch(adapted)]);
        foreach (var block in adapted.Blocks)
        {
            adapted.Statistics.Restore(block.ModuleName, [1], [1]);
        }

        using var best = Merge(MergeMethod.LeastSquares);
        using var byInputs = Merge(MergeMethod.Input);
        using var dropped = Merge(MergeMethod.Dropped);
        var errors = new ModuleErrors([best, byInputs, dropped]);
        using (adapted.Observe(errors))
        {
            Batch(adapted)(() => false);
        }

        // A theorem for every block by itself, on the texts that it was calibrated on; the first of a chain is exact.
        var heads = adapted.Blocks.Where(block => block.Previous.Count == 0).Select(block => block.ModuleName).ToHashSet();
        foreach (var other in new[] { 1, 2 })
        {
            Assert.All(errors.Of(0).Zip(errors.Of(other)).Where(pair => !heads.Contains(pair.First.Module)), pair =>
                Assert.True(
                    pair.First.Update > 0 && pair.First.Update < pair.Second.Update,
                    $"{pair.First.Module}: {pair.First.Update} and {pair.Second.Update}"));
        }
    }

    [Theory]
    [InlineData("loha", ShortcutKind.None)]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void SavePeft_AsAPlainLora_IsRefusedInASentence(string method, ShortcutKind kind)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = DenseAdapters.Random(model, DenseAdapters.Config(method, kind));
        using var merged = Merger.Merge(adapted, kind == ShortcutKind.Input ? MergeMethod.Dropped : MergeMethod.Exact);

        var error = Assert.Throws<ConfigException>(() => AdapterStore.SavePeft(merged, folder["lora"]));

        Assert.Contains(adapted.Config.Kind.Title, error.Message, StringComparison.Ordinal);
        Assert.Contains("merge --as model", error.Message, StringComparison.Ordinal);
        Assert.Equal(kind == ShortcutKind.None, error.Message.Contains("--to peft", StringComparison.Ordinal));
        Assert.Throws<ConfigException>(() => AdapterStore.SavePeftUnpadded(merged, folder["peft"]));
        Assert.False(Directory.Exists(folder["lora"]) || Directory.Exists(folder["peft"]));
    }

    [Theory]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void SaveAndLoad_WithAShortcut_IsKeptInOurOwnFolder(string method, ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = DenseAdapters.Random(model, DenseAdapters.Config(method, kind));

        AdapterStore.Save(adapted, folder["saved"]);
        var loaded = AdapterStore.Load(again, folder["saved"]);

        Assert.Equal("reslora", AdapterStore.Describe(folder["saved"]).Format);
        Assert.Equal((method, adapted.Config.Lokr, kind), (loaded.Config.Method, loaded.Config.Lokr, loaded.Config.Shortcut.Kind));
        Assert.Equal(0, TinyAdapters.Distance(DenseAdapters.Logits(adapted), DenseAdapters.Logits(loaded)));
    }

    [Theory]
    [InlineData("loha")]
    [InlineData("lokr")]
    public void Problems_WhatTheMethodDoesNotHave_IsNamed(string method)
    {
        string Problem(AdapterConfig config) => Assert.Single(config.Problems());
        var config = DenseAdapters.Config(method);

        Assert.Empty(config.Problems());
        Assert.Contains("dropout is 0.1", Problem(config with { Dropout = 0.1 }), StringComparison.Ordinal);
        Assert.Contains("rankStabilized", Problem(config with { RankStabilized = true }), StringComparison.Ordinal);
        Assert.Contains("no low-rank middle", Problem(DenseAdapters.Config(method, ShortcutKind.Middle)), StringComparison.Ordinal);
        Assert.Contains("loha has settings", Problem(new AdapterConfig { Loha = new LohaSettings() }), StringComparison.Ordinal);
        Assert.Contains(
            "lokr has settings", Problem(new AdapterConfig { Method = "loha", Lokr = new LokrSettings() }), StringComparison.Ordinal);
        Assert.Contains(
            "lokr.decomposeFactor is 0",
            Problem(new AdapterConfig { Method = "lokr", Lokr = new LokrSettings { DecomposeFactor = 0 } }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("loha", ShortcutKind.Block)]
    [InlineData("lokr", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void ForwardAndMerge_ManyTimes_LeaveNoTensors(string method, ShortcutKind kind)
    {
        using var model = TinyLlama.Create();
        var adapted = DenseAdapters.Random(model, DenseAdapters.Config(method, kind));
        Run();

        Assert.Equal(0, LiveTensors.Growth(Run));

        void Run()
        {
            DenseAdapters.Logits(adapted).Dispose();
            using var merged = Merger.Merge(
                adapted, new MergeSettings(kind == ShortcutKind.Input ? MergeMethod.LeastSquares : MergeMethod.Exact), [Batch(adapted)]);
            using var applied = merged.Apply();
            DenseAdapters.Logits(adapted).Dispose();
        }
    }

    /// <summary>Blocks of 16 inputs only, so that one LoRA of that rank can be the same.</summary>
    private static AdaptedModel Square(LlamaModel model, string method, ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        var adapted = DenseAdapters.Random(
            model, DenseAdapters.Config(method, kind, m, first) with { Targets = TargetModules.Suffixes("q_proj", "v_proj") });
        adapted.ShortcutWeight = weight;
        return adapted;
    }

    private static CalibrationBatch Batch(AdaptedModel adapted) => _ =>
    {
        using var noGradient = no_grad();
        using var ids = TinyLlama.Ids(4, 12, seed: 50);
        using var pass = adapted.BeginPass();
        ((LlamaModel)adapted.Model).Hidden(ids, null).Dispose();
    };
}
