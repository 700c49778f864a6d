using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Ia3;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Ia3;

public sealed class Ia3Tests
{
    private const double Tolerance = 1e-5;   // float32: rows are stretched before or after they are summed up
    private const string Query = "model.layers.1.self_attn.q_proj";
    private const string Down = "model.layers.1.mlp.down_proj";

    private static readonly string[] _written =
        ["auto_mapping", "base_model_name_or_path", "fan_in_fan_out", "feedforward_modules", "inference_mode", "init_ia3_weights", "modules_to_save", "peft_type", "revision", "target_modules", "task_type"];

    private static LlamaConfig Biased { get; } = TinyLlama.Config with { ConfiguredAttentionBias = true };

    private static AdapterConfig Config { get; } = new()
    {
        Method = "ia3",
        Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
        Ia3 = new Ia3Settings { Feedforward = TargetModules.Suffixes("down_proj") },
    };

    [Theory]
    [InlineData(Query)]
    [InlineData(Down)]
    public void Forward_OfABlock_StretchesOutputsWithTheirBiasOrInputs(string module)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(Biased);
        var block = (Ia3Block)Adapt(model)[module];
        var (weight, bias) = (((Linear)block.BaseLayer).weight!, ((Linear)block.BaseLayer).bias);
        var x = randn(2, block.InFeatures);
        var y = block.call(x);
        var l = BruteForce.Rows(block.Vector.flatten().unsqueeze(0))[0];

        for (var o = 0; o < block.OutFeatures; o++)
        {
            var sum = Enumerable.Range(0, (int)block.InFeatures).Sum(
                d => weight[o, d].item<float>() * x[0, d].item<float>() * (block.StretchesInputs ? l[d] : 1));
            var expected = block.StretchesInputs ? sum : l[o] * (sum + (bias?[o].item<float>() ?? 0));
            Assert.Equal(expected, y[0, o].item<float>(), Tolerance);
        }

        Assert.Equal(module == Down, block.StretchesInputs);
        Assert.Equal(module == Query, bias is not null);
    }

    [Theory]
    [InlineData(Query)]
    [InlineData(Down)]
    public void Backward_OfABlock_IsWhatChangesTheSum(string module)
    {
        const float step = 0.5f;   // the output is linear in every factor, so that differences are exact but for rounding
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(Biased);
        var block = (Ia3Block)Adapt(model)[module];
        Tensor x = randn(3, block.InFeatures), weights = randn(3, block.OutFeatures);
        (block.call(x) * weights).sum().backward();

        using var noGradient = no_grad();
        var (flat, gradient) = (block.Vector.view(-1), block.Vector.grad!.view(-1));
        for (var i = 0; i < flat.NumberOfElements; i++)
        {
            var before = Sum();
            flat[i] += step;
            Assert.Equal((Sum() - before) / step, gradient[i].item<float>(), 1e-4);
            flat[i] -= step;
        }

        double Sum() => (block.call(x) * weights).to(float64).sum().item<double>();
    }

    [Fact]
    public void Inject_New_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(Biased);
        var plain = PeftFiles.Logits(model);

        var adapted = AdaptedModel.Inject(model, Config);

        Assert.Equal(0, TinyAdapters.Distance(plain, PeftFiles.Logits(model)));
        Assert.Equal(
            adapted.Blocks.Sum(block => ((Ia3Block)block).StretchesInputs ? block.InFeatures : block.OutFeatures), adapted.TrainableCount);
    }

    [Fact]
    public void Merge_Exact_TakesTheBiasesAlongAndComesOffAgain()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(Biased);
        var adapted = Adapt(model);
        var unmerged = PeftFiles.Logits(model);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(unmerged, PeftFiles.Logits(model)), 0, Tolerance * unmerged.abs().max().item<float>());
        }

        Assert.Equal(0, TinyAdapters.Distance(unmerged, PeftFiles.Logits(model)));
        var block = merged.Blocks.First(b => b.ModuleName == Query);
        var x = randn(2, 16);
        var change = adapted[Query].call(x) - adapted[Query].BaseLayer.call(x);
        Assert.InRange(TinyAdapters.Distance(change, block.Update.Change(x)), 0, Tolerance);
        Assert.InRange(
            TinyAdapters.Distance(block.Update.MergedWeight(), adapted[Query].Site.Weight + adapted[Query].DeltaWeight()), 0, Tolerance);
        using var without = block.Update.WithoutEffect();
        Assert.Equal(0, TinyAdapters.Distance(without.MergedWeight(), adapted[Query].Site.Weight));
        Assert.Contains(
            "(IA)³", Assert.Throws<ConfigException>(() => AdapterStore.PortableBlocks(merged)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SaveAndLoad_Peft_IsKeptUnderPeftsKeys()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create(Biased);
        using var again = TinyLlama.Create(Biased);
        var adapted = Adapt(model);
        var unmerged = PeftFiles.Logits(model);

        AdapterStore.Save(adapted, folder["saved"]);
        var loaded = AdapterStore.Load(again, folder["saved"]);

        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["saved"], "adapter_config.json")));
        Assert.Equal(_written, config.RootElement.EnumerateObject().Select(key => key.Name));
        Assert.Equal(@"(.*\.)?(down_proj)", config.RootElement.GetProperty("feedforward_modules").GetString());
        Assert.Equal("ia3", loaded.Config.Method);
        Assert.Equal(0, TinyAdapters.Distance(unmerged, PeftFiles.Logits(again)));
    }

    [Theory]
    [InlineData("[\"down_proj\", \"o_proj\"]", true)]
    [InlineData("[\"wn_proj\"]", true)]
    [InlineData("\".*mlp.*\"", true)]
    [InlineData("[]", false)]
    public void Load_FoldersOfPeft_StretchWhatTheyName(string feedforward, bool inputs)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        var (rows, columns) = (TinyLlama.Config.HiddenSize, TinyLlama.Config.IntermediateSize);
        var vector = files.Tensors[$"{PeftFiles.Prefix}{Down}.ia3_l"] = (inputs ? files.Random(1, columns) : files.Random(rows, 1)) + 1;
        files.Config.Remove("r");
        files.Config.Remove("lora_alpha");
        files.Write(
            ("peft_type", "\"IA3\""),
            ("target_modules", $"[\"{Down}\"]"),
            ("feedforward_modules", feedforward),
            ("init_ia3_weights", "true"));
        PeftFiles.Set(expected, $"{Down}.weight", weight => weight * vector);

        AdapterStore.Load(model, files.Folder);

        using var scope = NewDisposeScope();
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
    }

    [Fact]
    public void Load_WithoutTheChoiceOfInputs_IsRefused()
    {
        using var files = new PeftFiles();
        files.Tensors[$"{PeftFiles.Prefix}{Query}.ia3_l"] = files.Random(16, 1);
        files.Write(("peft_type", "\"IA3\""), ("target_modules", "[\"q_proj\"]"));

        Assert.Contains(
            "feedforward_modules",
            Assert.Throws<FileFormatException>(() => AdapterStore.Describe(files.Folder)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Training_LearnsAndResumesBitForBit()
    {
        var config = TrainingBench.Config with { Steps = 60, LearningRate = 0.05, CheckpointEvery = 30, GradientCheckpointing = true };
        using var whole = new TrainingBench(adapter: Config);
        using var parts = new TrainingBench(adapter: Config);
        using var resumed = new TrainingBench(adapter: Config);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = value =>
        {
            if (value is StepDone { Step: 30 })
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(config);
        parts.Train(config, stop: stop.Token);
        var actual = resumed.Train(config, resume: true);

        Assert.True(expected.LastLoss < 0.9 * expected.Losses[0].Loss, $"{expected.Losses[0].Loss} -> {expected.LastLoss}");
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(whole.Weights(), resumed.Weights());
    }

    [Fact]
    public void Training_InputsOfNoTarget_AreRefusedByName()
    {
        using var bench = new TrainingBench(
            adapter: Config with { Ia3 = new Ia3Settings { Feedforward = TargetModules.Suffixes("down_proj", "up_proj") } });

        var error = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config));

        Assert.Contains("'up_proj'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_WhatItDoesNotHave_IsNamed()
    {
        string Problem(AdapterConfig config) => Assert.Single(config.Problems());

        Assert.Empty(Config.Problems());
        Assert.Contains("rank is set", Problem(Config with { Rank = 4 }), StringComparison.Ordinal);
        Assert.Contains("dropout is set", Problem(Config with { Dropout = 0.1 }), StringComparison.Ordinal);
        Assert.Contains(
            "all-linear",
            Problem(Config with { Ia3 = new Ia3Settings { Feedforward = TargetModules.AllLinear } }),
            StringComparison.Ordinal);
        Assert.Contains("ia3 has settings", Problem(Config with { Method = "lora" }), StringComparison.Ordinal);
        Assert.All(
            [ShortcutKind.Input, ShortcutKind.Block, ShortcutKind.Middle],
            kind =>
                Assert.Contains(
                    "no update to hand on",
                    Problem(Config with { Shortcut = new ShortcutConfig { Kind = kind } }),
                    StringComparison.Ordinal));
    }

    [Fact]
    public void ForwardAndMerge_ManyTimes_LeaveNoTensors()
    {
        using var model = TinyLlama.Create(Biased);
        var adapted = Adapt(model);
        Run();

        Assert.Equal(0, LiveTensors.Growth(Run));

        void Run()
        {
            PeftFiles.Logits(model).Dispose();
            using var merged = Merger.Merge(adapted, MergeMethod.Exact);
            using var applied = merged.Apply();
            PeftFiles.Logits(model).Dispose();
        }
    }

    private static AdaptedModel Adapt(LlamaModel model)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        random.manual_seed(6);
        var adapted = AdaptedModel.Inject(model, Config);
        foreach (var block in adapted.Blocks.Cast<Ia3Block>())
        {
            block.Vector.copy_(1 + (randn(block.Vector.shape) * 0.5));
        }

        return adapted;
    }
}
