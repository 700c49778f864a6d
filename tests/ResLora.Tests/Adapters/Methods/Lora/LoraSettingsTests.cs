using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Lora;

public sealed class LoraSettingsTests
{
    private const double Tolerance = 2e-5;   // float32 products in another order

    [Theory]
    [InlineData(LoraInitialization.Pissa)]
    [InlineData(LoraInitialization.Olora)]
    public void Inject_FromTheWeight_ChangesNeitherTheModelNorItsWeights(LoraInitialization initialization)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var before = PeftFiles.Logits(model);
        var weight = model.named_parameters().First(p => p.name == "model.layers.1.self_attn.q_proj.weight").parameter.clone();

        var adapted = AdaptedModel.Inject(model, Config(initialization));

        Assert.InRange(TinyAdapters.Distance(before, PeftFiles.Logits(model)), 0, Tolerance);
        var block = (SubtractedLoraBlock)adapted["model.layers.1.self_attn.q_proj"];
        Assert.Equal(0, TinyAdapters.Distance(weight, block.Site.Weight));
        var rest = (weight - (block.B.matmul(block.A) * block.Scaling)).norm().item<float>();
        Assert.True(rest < 0.97 * weight.norm().item<float>(), "the factors hold a part of the weight");
    }

    [Fact]
    public void Pissa_AnyWeight_LeavesTheSmallestRestOfItsRank()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        var weight = randn(6, 9);

        var (a, b) = FirstFactors.Pissa(weight, 2, 0.5);

        // Eckart and Young: what is left of the best approximation of rank 2 are the singular values from the third on.
        var sizes = linalg.svdvals(weight).data<float>().ToArray();
        var expected = Math.Sqrt(sizes.Skip(2).Sum(s => (double)s * s));
        Assert.Equal(expected, (weight - (b.matmul(a) * 0.5)).norm().item<float>(), 4);
        Assert.InRange(TinyAdapters.Distance(a.square().sum(1), b.t().square().sum(1)), 0, 1e-4);   // shared evenly between the two
    }

    [Theory]
    [InlineData(LoraInitialization.Pissa, false)]
    [InlineData(LoraInitialization.Olora, true)]
    public void Save_FromTheWeight_IsPlainLoraOfTwiceTheRank(LoraInitialization initialization, bool stabilized)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, Config(initialization) with { RankStabilized = stabilized });
        Disturb(adapted);

        AdapterStore.Save(adapted, folder["adapter"]);
        var loaded = AdapterStore.Load(again, folder["adapter"]);

        Assert.All(loaded.Blocks, block => Assert.Equal(4, Assert.IsType<LoraBlock>(block).A.shape[0]));
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(model), PeftFiles.Logits(again)), 0, Tolerance);
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        var unmerged = PeftFiles.Logits(model);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(unmerged, PeftFiles.Logits(model)), 0, Tolerance);
        }
    }

    [Fact]
    public void Step_LearningRateRatio_IsThatOfBAlone()
    {
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(
            model, Config(LoraInitialization.Kaiming) with { Lora = new LoraSettings { LearningRateRatio = 16 } });
        var parameters = adapted.TrainableParameters().ToArray();
        using var optimizer = new AdamW(parameters, new TrainConfig { WeightDecay = 0 }, adapted.RateFactor);
        var before = parameters.Select(p => p.Value.detach().clone()).ToArray();
        foreach (var (_, parameter) in parameters)
        {
            parameter.grad = ones_like(parameter);
        }

        optimizer.Step(0.001);

        // The first step of AdamW has the size of the learning rate whatever the gradient is.
        Assert.All(parameters.Zip(before), p => Assert.Equal(
            p.First.Key.EndsWith(
                "lora_B.weight", StringComparison.Ordinal) ? 0.016 : 0.001, TinyAdapters.Distance(p.First.Value.detach(), p.Second), 5));
    }

    [Theory]
    [InlineData(BiasTraining.LoraOnly, ShortcutKind.None)]
    [InlineData(BiasTraining.All, ShortcutKind.None)]
    [InlineData(BiasTraining.LoraOnly, ShortcutKind.Input)]
    public void SaveAndLoad_Biases_AreTrainedAndKept(BiasTraining biases, ShortcutKind shortcut)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var biased = TinyLlama.Config with { ConfiguredAttentionBias = true };
        using var model = TinyLlama.Create(biased);
        using var again = TinyLlama.Create(biased);
        var adapted = AdaptedModel.Inject(
            model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("q_proj"), Lora = new LoraSettings { Bias = biases }, Shortcut = new ShortcutConfig { Kind = shortcut } });
        Disturb(adapted);

        AdapterStore.Save(adapted, folder["adapter"]);
        var loaded = AdapterStore.Load(again, folder["adapter"]);

        var names = adapted.SavedParameters().Select(p => p.Key).ToArray();
        Assert.Contains("model.layers.0.self_attn.q_proj.base_layer.bias", names);
        Assert.Equal(biases == BiasTraining.All, names.Contains("model.layers.0.self_attn.k_proj.bias"));
        Assert.All(adapted.SavedParameters(), p => Assert.True(p.Value.requires_grad, p.Key));
        Assert.Equal(names.Order(), loaded.SavedParameters().Select(p => p.Key).Order());
        Assert.InRange(TinyAdapters.Distance(Logits(adapted, model), Logits(loaded, again)), 0, Tolerance);
    }

    [Fact]
    public void Problems_SettingsThatDoNotGoTogether_AreSaid()
    {
        var config = new AdapterConfig { Lora = new LoraSettings { Initialization = LoraInitialization.Pissa, LearningRateRatio = 0 }, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block } };

        var problems = config.Problems().ToArray();

        Assert.Contains(problems, p => p.StartsWith("lora.learningRateRatio is 0", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith("lora.initialization is pissa", StringComparison.Ordinal));
        Assert.Contains("Did you mean 'dora'?", Assert.Single(new AdapterConfig { Method = "dorra" }.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Inject_RankAboveTheWeights_IsRefused()
    {
        using var model = TinyLlama.Create();

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, Config(LoraInitialization.Pissa) with { Rank = 100 }));

        Assert.Contains("pissa finds at most 16", error.Message, StringComparison.Ordinal);
    }

    private static AdapterConfig Config(LoraInitialization initialization) => new()
    {
        Rank = 2,
        Alpha = 3,
        Targets = TargetModules.Suffixes("q_proj"),
        Lora = new LoraSettings { Initialization = initialization },
    };

    private static Tensor Logits(AdaptedModel adapted, LlamaModel model)
    {
        using var pass = adapted.BeginPass();
        return PeftFiles.Logits(model);
    }

    private static void Disturb(AdaptedModel adapted)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (_, parameter) in adapted.TrainableParameters())
        {
            parameter.add_(randn(parameter.shape) * 0.1);
        }
    }
}
