using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Blocks;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Bert;

public sealed class BertModelTests
{
    private const double Tolerance = 2e-5;   // float32: masked and unmasked attention are different kernels

    [Theory]
    [InlineData("bert", ModelHeadKind.Labels, new[] { "bert.pooler.dense.bias", "bert.pooler.dense.weight", "classifier.bias", "classifier.weight" })]
    [InlineData("roberta", ModelHeadKind.Labels, new[] { "classifier.dense.bias", "classifier.dense.weight", "classifier.out_proj.bias", "classifier.out_proj.weight" })]
    [InlineData("bert", ModelHeadKind.MaskedTokens, new[]
    {
        "cls.predictions.bias", "cls.predictions.transform.LayerNorm.bias", "cls.predictions.transform.LayerNorm.weight",
        "cls.predictions.transform.dense.bias", "cls.predictions.transform.dense.weight",
    })]
    [InlineData("roberta", ModelHeadKind.MaskedTokens, new[] { "lm_head.bias", "lm_head.dense.bias", "lm_head.dense.weight", "lm_head.layer_norm.bias", "lm_head.layer_norm.weight" })]
    public void Parameters_OfTheHead_HaveTheNamesOfPublishedCheckpoints(string family, ModelHeadKind kind, string[] expected)
    {
        using var model = TinyBert.Create(family, kind == ModelHeadKind.MaskedTokens ? ModelHead.MaskedTokens : ModelHead.OfOutputs(3));

        var names = model.named_parameters().Select(p => p.name).ToArray();

        var encoder = names.Where(n =>
            n.StartsWith(family + ".embeddings.", StringComparison.Ordinal) || n.StartsWith(
                family + ".encoder.layer.", StringComparison.Ordinal));
        Assert.Equal(5 + (3 * 16), encoder.Count());
        Assert.Equal(expected, names.Except(encoder).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    public void Predict_PaddedBatch_EqualsTheTextsAlone(string family)
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create(family);
        var ids = TinyBert.Ids(2, 9);
        var padded = ids.clone();
        padded[1, 6..] = model.PadId;
        var mask = ones_like(padded);
        mask[1, 6..] = 0;

        var together = TinyBert.Predict(model, padded, mask);

        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(model, ids[0].unsqueeze(0)), together[0].unsqueeze(0)), Tolerance);
        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(model, ids[1, ..6].unsqueeze(0)), together[1].unsqueeze(0)), Tolerance);
    }

    [Fact]
    public void Predict_TokenTypes_ChangeBertsScores()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("bert");
        var ids = TinyBert.Ids(1, 8);
        var types = zeros_like(ids);
        types[0, 4..] = 1;

        var plain = TinyBert.Predict(model, ids);

        Assert.Equal(0, TinyAdapters.Distance(plain, TinyBert.Predict(model, ids, types: zeros_like(ids))));
        Assert.True(TinyAdapters.Distance(plain, TinyBert.Predict(model, ids, types: types)) > 0.01);
    }

    [Fact]
    public void Predict_Roberta_CountsPositionsFromBehindThePaddingToken()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta");
        var ids = TinyBert.Ids(1, 4);
        var before = TinyBert.Predict(model, ids);
        var positions = model.named_parameters().Single(p => p.name == "roberta.embeddings.position_embeddings.weight").parameter;

        using (no_grad())
        {
            positions[0] += 1;
            positions[1] += 1;
            positions[6..] += 1;
        }

        Assert.Equal(0, TinyAdapters.Distance(before, TinyBert.Predict(model, ids)));
        using (no_grad())
        {
            positions[2] += 1;
        }

        Assert.NotEqual(0, TinyAdapters.Distance(before, TinyBert.Predict(model, ids)));
    }

    [Fact]
    public void Hidden_TextLongerThanThePositions_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta");

        var error = Assert.Throws<ConfigException>(() => TinyBert.Predict(model, TinyBert.Ids(1, 39)));

        Assert.Equal("A text has 39 tokens, and the model takes 38; cut it shorter.", error.Message);
    }

    [Fact]
    public void Predict_InTraining_DropsOut()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("bert", config: TinyBert.Config("bert") with { HiddenDropout = 0.3, AttentionDropout = 0.3 });
        var ids = TinyBert.Ids(1, 8);
        model.train();

        random.manual_seed(1);
        var first = TinyBert.Predict(model, ids);
        var second = TinyBert.Predict(model, ids);
        random.manual_seed(1);
        var again = TinyBert.Predict(model, ids);
        model.eval();

        Assert.NotEqual(0, TinyAdapters.Distance(first, second));
        Assert.Equal(0, TinyAdapters.Distance(first, again));
        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(model, ids), TinyBert.Predict(model, ids)));
    }

    [Theory]
    [InlineData("bert", false)]
    [InlineData("bert", true)]
    [InlineData("roberta", false)]
    [InlineData("roberta", true)]
    public void Predict_AgainAndAgain_LeavesNothingBehind(string family, bool maskedTokens)
    {
        using var model = TinyBert.Create(family, maskedTokens ? ModelHead.MaskedTokens : null);
        using var ids = TinyBert.Ids(2, 7);
        using var mask = ones_like(ids);
        TinyBert.Predict(model, ids, mask).Dispose();

        var growth = LiveTensors.Growth(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                TinyBert.Predict(model, ids, mask).Dispose();
            }
        });

        Assert.Equal(0, growth);
    }

    [Theory]
    [InlineData("gelu", 0.841345)]
    [InlineData("gelu_new", 0.841192)]
    [InlineData("gelu_pytorch_tanh", 0.841192)]
    [InlineData("quick_gelu", 0.845796)]
    [InlineData("relu", 1.0)]
    [InlineData("silu", 0.731059)]
    public void Problems_OfActivations_AreNoneForThoseThatAreThere(string name, double atOne)
    {
        using var scope = NewDisposeScope();
        using var one = ones(1);

        var value = ActivationFunctions.Get(name)(one).item<float>();

        Assert.Empty((TinyBert.Config("bert") with { Activation = name }).Problems());
        Assert.Equal(atOne, value, 1e-5);
    }
}
