using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Vit;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vit;

public sealed class VitModelTests
{
    private const double Tolerance = 5e-6;   // float32 against float64

    [Fact]
    public void Parameters_OfTheNetwork_HaveTheNamesOfPublishedCheckpoints()
    {
        using var model = new VitModel(TinyVit.Config);

        var names = model.named_parameters().Select(p => p.name).ToArray();

        const string second = "vit.encoder.layer.1.";
        var layer = names.Where(n => n.StartsWith(second, StringComparison.Ordinal)).Select(n => n[second.Length..]);
        Assert.Equal(
            [
                "attention.attention.key.bias", "attention.attention.key.weight",
                "attention.attention.query.bias", "attention.attention.query.weight",
                "attention.attention.value.bias", "attention.attention.value.weight",
                "attention.output.dense.bias", "attention.output.dense.weight",
                "intermediate.dense.bias", "intermediate.dense.weight", "layernorm_after.bias", "layernorm_after.weight",
                "layernorm_before.bias", "layernorm_before.weight", "output.dense.bias", "output.dense.weight",
            ],
            layer.Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "classifier.bias", "classifier.weight", "vit.embeddings.cls_token", "vit.embeddings.patch_embeddings.projection.bias",
                "vit.embeddings.patch_embeddings.projection.weight", "vit.embeddings.position_embeddings",
                "vit.layernorm.bias", "vit.layernorm.weight",
            ],
            names.Where(n => !n.StartsWith("vit.encoder.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(8 + (3 * 16), names.Length);
    }

    /// <summary>By ViTForImageClassification of transformers 5.12.1, in float64 with the weights of <see cref="TinyVit"/>.</summary>
    [Fact]
    public void Predict_SquarePictures_IsWhatTransformersComputes()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create();
        double[] expected = [-0.582931168, 1.25604922, 1.53862281, -0.503211959, 1.25914514, 1.46016058];

        var logits = TinyVit.Predict(model);

        Assert.Equal(0, TinyAdapters.Distance(tensor(expected).reshape(2, 3), logits), Tolerance);
        Assert.Equal(134.362949, Hidden(model).abs().sum().item<float>(), 1e-3);
    }

    /// <summary>Likewise, of 9 x 13 pixels in parts of 4 x 6: a row and a column are left over.</summary>
    [Fact]
    public void Predict_OblongPicturesWithoutBiases_IsWhatTransformersComputes()
    {
        using var scope = NewDisposeScope();
        double[] expected = [0.622527914, 0.624704591];
        using var model = TinyVit.Create(TinyVit.Config with
        {
            ImageSize = new(9, 13),
            PatchSize = new(4, 6),
            ProjectionBias = false,
            Activation = "gelu_new",
            LabelCount = 1,
        });

        var logits = TinyVit.Predict(model);

        Assert.Equal(ModelHeadKind.Score, model.Head.Kind);
        Assert.Equal(0, TinyAdapters.Distance(tensor(expected).reshape(2, 1), logits), Tolerance);
        Assert.Equal(130.126258, Hidden(model).abs().sum().item<float>(), 1e-3);
    }

    /// <summary>Likewise, of one channel and with another activation.</summary>
    [Fact]
    public void Predict_GreyPictures_IsWhatTransformersComputes()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create(TinyVit.Config with { Channels = 1, NormEpsilon = 1e-12, Activation = "quick_gelu" });
        double[] expected = [-0.455717721, 1.24690578, 1.40769704, -0.54441931, 1.24153564, 1.4942183];

        Assert.Equal(0, TinyAdapters.Distance(tensor(expected).reshape(2, 3), TinyVit.Predict(model)), Tolerance);
    }

    /// <summary>Likewise, by DeiTForImageClassification.</summary>
    [Fact]
    public void Predict_TokenForDistillation_IsWhatTransformersComputes()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create(TinyVit.Config with { ModelType = "deit" });
        double[] expected = [-0.227826661, 1.04969741, 1.09973746, -0.361815496, 1.02837667, 1.22506987];

        Assert.Equal(0, TinyAdapters.Distance(tensor(expected).reshape(2, 3), TinyVit.Predict(model)), Tolerance);
        Assert.Equal([2, model.TokenCount, 16], Hidden(model).shape);
        Assert.Equal(6, model.TokenCount);
    }

    [Theory]
    [InlineData(3, 8, 12)]
    [InlineData(3, 16, 8)]
    [InlineData(1, 8, 8)]
    public void Hidden_PicturesOfAnotherSize_AreRefused(long channels, long height, long width)
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create();

        var error = Assert.Throws<ShapeException>(() => TinyVit.Predict(model, zeros(2, channels, height, width)));

        Assert.Contains("which takes [any, 3, 8, 8]", error.Message, StringComparison.Ordinal);
        Assert.Contains("bring them to that size", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_OfABatch_IsATokenForEachPartAndOneForTheWhole()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create();

        Assert.Equal([2, model.TokenCount, 16], Hidden(model).shape);
        Assert.Equal(5, model.TokenCount);
    }

    [Fact]
    public void Predict_InTraining_DropsOut()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create(TinyVit.Config with { HiddenDropout = 0.3, AttentionDropout = 0.3 });
        model.train();

        random.manual_seed(1);
        var first = TinyVit.Predict(model);
        var second = TinyVit.Predict(model);
        random.manual_seed(1);
        var again = TinyVit.Predict(model);
        model.eval();

        Assert.NotEqual(0, TinyAdapters.Distance(first, second));
        Assert.Equal(0, TinyAdapters.Distance(first, again));
        Assert.Equal(0, TinyAdapters.Distance(TinyVit.Predict(model), TinyVit.Predict(model)));
    }

    [Fact]
    public void Predict_AgainAndAgain_LeavesNothingBehind()
    {
        using var model = TinyVit.Create();
        TinyVit.Predict(model).Dispose();

        var growth = LiveTensors.Growth(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                TinyVit.Predict(model).Dispose();
            }
        });

        Assert.Equal(0, growth);
    }

    [Fact]
    public void Inject_ShortcutsOnEightLayers_LinksThemAll()
    {
        using var model = TinyVit.Create(TinyVit.Config with { LayerCount = 8 });
        var config = new AdapterConfig
        {
            Targets = TargetModules.Suffixes(model.UsualTargets),
            Shortcut = new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = 2 },
        };

        var adapted = AdaptedModel.Inject(model, config, savedModules: model.HeadModules);

        Assert.Empty(adapted.Breaks);
        Assert.Equal(
            ["attention.attention.query", "attention.attention.value"],
            adapted.Chains.Select(chain => chain.Name).Order(StringComparer.Ordinal));
        Assert.All(adapted.Chains, chain => Assert.Equal(
            Enumerable.Range(0, 8).Select(layer => $"vit.encoder.layer.{layer}.{chain.Name}"), chain.Blocks));
    }

    [Theory]
    [InlineData("query")]
    [InlineData("key")]
    [InlineData("value")]
    [InlineData("attention.output.dense")]
    [InlineData("intermediate.dense")]
    [InlineData("output.dense")]
    [InlineData("projection")]
    public void Predict_BlockOnAnyLayer_IsRunAndLearns(string target)
    {
        using var scope = NewDisposeScope();
        using var model = TinyVit.Create();
        var before = TinyVit.Predict(model);
        var adapted = AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes(target) }).WithRandomB();

        Assert.NotEqual(0, TinyAdapters.Distance(before, TinyVit.Predict(model)));
        model.Predict(TinyVit.Pictures(model)).square().sum().backward();
        Assert.All(adapted.TrainableParameters(), p => Assert.True(p.Value.grad!.abs().sum().item<float>() > 0, p.Key));
    }

    private static Tensor Hidden(VitModel model)
    {
        using var noGradient = no_grad();
        return model.Hidden(TinyVit.Pictures(model));
    }
}
