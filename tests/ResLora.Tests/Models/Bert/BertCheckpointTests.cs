using System.Text.Json;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Bert;

public sealed class BertCheckpointTests
{
    private const double Tolerance = 1e-6;   // tensors of a mapped file are aligned otherwise, and kernels round otherwise

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    public void Load_NamesOfOldAndBareCheckpoints_GivesTheSameModel(string family)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create(family);
        var ids = TinyBert.Ids(1, 6);
        TinyBert.Write(folder, model, tensors => tensors.ToDictionary(t => Old(t.Key, family), t => t.Value));

        using var loaded = ModelRegistry.LoadText(folder.Path);

        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(model, ids), TinyBert.Predict(loaded, ids)), Tolerance);
        Assert.False(loaded.training);
        Assert.Empty(((EncoderModel)loaded).NewModules);
    }

    [Fact]
    public void Load_HeadsForOtherPurposesAndPositions_AreLeftOut()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("roberta");
        TinyBert.Write(folder, model, tensors => new Dictionary<string, Tensor>(tensors)
        {
            ["lm_head.bias"] = ones(3),
            ["lm_head.decoder.weight"] = ones(3),
            ["roberta.pooler.dense.weight"] = ones(3),
            ["roberta.embeddings.position_ids"] = ones(3, dtype: int64),
        });

        using var loaded = ModelRegistry.LoadText(folder.Path);

        Assert.DoesNotContain(loaded.named_parameters(), p => p.name.StartsWith("lm_head", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bert", "cls.predictions")]
    [InlineData("roberta", "lm_head")]
    public void Load_DecoderThatIsACopyOfTheWords_IsLeftOut(string family, string head)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create(family, ModelHead.MaskedTokens);
        TinyBert.Write(folder, model, tensors => WithDecoder(tensors, family, head, change: 0));

        using var loaded = ModelRegistry.LoadText(folder.Path);

        Assert.Equal(
            0, TinyAdapters.Distance(TinyBert.Predict(model, TinyBert.Ids(1, 6)), TinyBert.Predict(loaded, TinyBert.Ids(1, 6))), Tolerance);
    }

    [Theory]
    [InlineData("bert", "cls.predictions")]
    [InlineData("roberta", "lm_head")]
    public void Load_DecoderThatDiffersFromTheWords_IsRefusedByName(string family, string head)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create(family, ModelHead.MaskedTokens);
        TinyBert.Write(folder, model, tensors => WithDecoder(tensors, family, head, change: 0.01));

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(folder.Path));

        Assert.Contains($"'{head}.decoder.weight'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>As transformers 5.12.1 computes: the decoder's bias is used, and the head's own is not where they differ.</summary>
    [Theory]
    [InlineData("bert", "cls.predictions")]
    [InlineData("roberta", "lm_head")]
    public void Load_DecoderWithABiasOfItsOwn_TakesThat(string family, string head)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create(family, ModelHead.MaskedTokens);
        TinyBert.Write(
            folder, model, tensors => new Dictionary<string, Tensor>(tensors) { [$"{head}.decoder.bias"] = tensors[$"{head}.bias"] + 2 });

        using var loaded = ModelRegistry.LoadText(folder.Path);

        var bias = loaded.named_parameters().Single(p => p.name == $"{head}.bias").parameter;
        Assert.True(bias.eq(model.named_parameters().Single(p => p.name == $"{head}.bias").parameter + 2).all().item<bool>());
    }

    [Fact]
    public void Load_TensorOfNoKnownKind_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("roberta");
        TinyBert.Write(folder, model, tensors => new Dictionary<string, Tensor>(tensors) { ["roberta.encoder.layer.3.extra"] = ones(3) });

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.LoadText(folder.Path));

        Assert.Contains("'roberta.encoder.layer.3.extra' belongs to no layer", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("roberta", new[] { "classifier" })]
    [InlineData("bert", new[] { "classifier", "bert.pooler" })]
    public void Load_HeadForTextsOfAModelForMaskedTokens_IsDrawnFromTheSeed(string family, string[] expected)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create(family, ModelHead.MaskedTokens);
        TinyBert.Write(folder, model);
        var head = ModelHead.ForLabels(["bad", "fair", "good"]);

        using var first = (EncoderModel)ModelRegistry.LoadText(folder.Path, head: head, headSeed: 4);
        using var second = (EncoderModel)ModelRegistry.LoadText(folder.Path, head: head, headSeed: 4);
        using var third = (EncoderModel)ModelRegistry.LoadText(folder.Path, head: head, headSeed: 5);

        var ids = TinyBert.Ids(2, 6);
        Assert.Equal(expected, first.NewModules);
        Assert.Equal(expected, first.HeadModules);
        Assert.Equal([2, 3], TinyBert.Predict(first, ids).shape);
        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(first, ids), TinyBert.Predict(second, ids)));
        Assert.NotEqual(0, TinyAdapters.Distance(TinyBert.Predict(first, ids), TinyBert.Predict(third, ids)));
    }

    [Fact]
    public void Load_NoHeadAndNoSeed_SaysWhatIsMissing()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        TinyBert.Write(folder, model);

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.LoadText(folder.Path, head: ModelHead.OfOutputs(2)));

        Assert.Contains("'classifier.dense.weight' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_HeadOfAnotherNumberOfLabels_IsDrawnAnew()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("bert", ModelHead.OfOutputs(2));
        TinyBert.Write(folder, model);

        using var loaded = (EncoderModel)ModelRegistry.LoadText(folder.Path, head: ModelHead.OfOutputs(3), headSeed: 0);

        Assert.Equal(["classifier"], loaded.NewModules);
        Assert.Equal(0.02, loaded.named_parameters().Single(p => p.name == "classifier.weight").parameter.std().item<float>(), 0.008);
    }

    [Fact]
    public void Predict_BlocksOnEveryLayerOfABertInBfloat16_TakeThePoolerToo()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("bert");
        TinyBert.Write(folder, model);
        using var loaded = ModelRegistry.LoadText(folder.Path, ScalarType.BFloat16);
        var expected = TinyBert.Predict(loaded, TinyBert.Ids(1, 5));

        var adapted =
            AdaptedModel.Inject(loaded, new AdapterConfig { Targets = TargetModules.AllLinear }, savedModules: loaded.HeadModules);

        Assert.Contains(adapted.Blocks, block => block.ModuleName == "bert.pooler.dense");
        // A new block's B is zero.
        Assert.Equal(0, TinyAdapters.Distance(expected, TinyBert.Predict(loaded, TinyBert.Ids(1, 5))));
    }

    [Fact]
    public void Load_InBfloat16_KeepsTheHeadInFloat32()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("roberta");
        TinyBert.Write(folder, model);

        using var loaded = ModelRegistry.LoadText(folder.Path, ScalarType.BFloat16);

        Assert.Equal(ScalarType.BFloat16, loaded.DataType);
        Assert.All(loaded.named_parameters(), p => Assert.Equal(
            p.name.StartsWith("classifier.", StringComparison.Ordinal) ? ScalarType.Float32 : ScalarType.BFloat16, p.parameter.dtype));
        Assert.Equal(ScalarType.Float32, TinyBert.Predict(loaded, TinyBert.Ids(1, 5)).dtype);
    }

    [Fact]
    public void Load_ModelOfTheLlamaFamilyWithAHead_IsRefused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config));

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadText(folder.Path, head: ModelHead.OfOutputs(2)));

        Assert.Contains("has no head for labels or scores; take a BERT or a RoBERTa", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadCausal_Encoder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("bert");
        TinyBert.Write(folder, model);

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadCausal(folder.Path));

        Assert.Contains("is an encoder, which cannot continue a text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ModelWithLabels_SaysInTheConfigurationWhatTheHeadIs()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("roberta", ModelHead.ForLabels(["bad", "good"]));
        TinyBert.Write(folder, model);

        ModelFolder.Write(model, folder.Path, folder["written"]);

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["written"], "config.json")));
        Assert.Equal("RobertaForSequenceClassification", json.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal("good", json.RootElement.GetProperty("id2label").GetProperty("1").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("label2id").GetProperty("good").GetInt32());
        Assert.Equal("single_label_classification", json.RootElement.GetProperty("problem_type").GetString());
        Assert.Equal("kept", json.RootElement.GetProperty("a_key_of_somebody_else").GetString());
        using var loaded = (EncoderModel)ModelRegistry.LoadText(folder["written"]);
        Assert.Equal(["bad", "good"], loaded.Head.Labels);
    }

    private static Dictionary<string, Tensor> WithDecoder(Dictionary<string, Tensor> tensors, string family, string head, double change)
    {
        var decoder = tensors[$"{family}.embeddings.word_embeddings.weight"].clone();
        decoder[^1, ^1] += change;
        return new Dictionary<string, Tensor>(tensors) { [$"{head}.decoder.weight"] = decoder };
    }

    private static string Old(string name, string family) => name
        .Replace(family + ".", "", StringComparison.Ordinal)
        .Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
        .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
}
