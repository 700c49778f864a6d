using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>What the tensors of PEFT folders are to a model: each folder is written by hand, and so is what it means.</summary>
public sealed class PeftContentsTests
{
    private const double Tolerance = 1e-5;   // float32: W x + s · B A x is added up in another order than (W + s · B A) x
    private const string Query = "model.layers.1.self_attn.q_proj";
    private const string Value = "model.layers.1.self_attn.v_proj";

    [Fact]
    public void Load_TargetsForWhichThereIsNothing_StayAsTheyAre()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        foreach (var layer in Enumerable.Range(0, 4))
        {
            PeftFiles.Add(expected, $"model.layers.{layer}.self_attn.q_proj", files.Block($"model.layers.{layer}.self_attn.q_proj"));
        }

        files.Write(("target_modules", """["q_proj", "c_attn", "up_proj"]"""));
        var heard = new List<string>();
        using var listening = Warnings.Listen(heard.Add);

        AdapterStore.Load(model, files.Folder);

        AssertSame(expected, model);
        Assert.Contains("takes in up_proj, for which there are no tensors", Assert.Single(heard), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target_modules", """["v_proj"]""")]
    [InlineData("layers_to_transform", "[2]")]
    [InlineData("exclude_modules", """["layers.1.self_attn.q_proj"]""")]
    [InlineData("modules_to_save", """["q_proj"]""")]
    public void Load_TensorsOfALayerThatIsNotChosen_AreRefused(string key, string value)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Write(("target_modules", """["q_proj"]"""), (key, value));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains(
            $"'{PeftFiles.Prefix}{Query}.lora_A.weight' is there, and adapter_config.json does not choose that layer",
            error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("layers_to_transform", "1", "layers_pattern", "null")]
    [InlineData("layers_to_transform", "[1]", "layers_pattern", "\"layers\"")]
    [InlineData("layers_to_transform", "[1, 7]", "layers_pattern", """["h", "l[a-z]+s"]""")]
    [InlineData("target_modules", "\"(?P<all>.*)[.]1[.]self_attn[.](?P<kind>q)_proj\"", "layers_to_transform", "[0]")]
    [InlineData("target_modules", "[]", "target_parameters", """["1.self_attn.q_proj.weight"]""")]
    [InlineData("target_modules", "\"ALL-LINEAR\"", "exclude_modules", """["k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "0.self_attn.q_proj", "2.self_attn.q_proj", "3.self_attn.q_proj"]""")]
    public void Load_OneLayerChosenInManyWays_HasItsBlock(string key, string value, string secondKey, string secondValue)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        PeftFiles.Add(expected, Query, files.Block(Query));
        files.Write(("target_modules", """["q_proj"]"""), (key, value), (secondKey, secondValue));

        var adapted = AdapterStore.Load(model, files.Folder);

        Assert.Equal([Query], adapted.Blocks.Select(b => b.ModuleName));
        AssertSame(expected, model);
    }

    [Fact]
    public void Load_NamesOfTheModelWithoutItsHead_AreFound()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        PeftFiles.Add(expected, Query, files.Block(Query["model.".Length..]));
        // The pattern matches from the beginning of the shorter names: alpha 6 is twice 3, so that half of B does.
        files.Tensors[$"{PeftFiles.Prefix}layers.1.self_attn.q_proj.lora_B.weight"] *= 0.5;
        files.Write(("target_modules", "\"layers[.]1[.]self_attn[.]q_proj\""), ("alpha_pattern", """{ "^layers.1.self_attn.q_proj": 6 }"""));

        AdapterStore.Load(model, files.Folder);

        AssertSame(expected, model);
    }

    [Theory]
    [InlineData("""["lm_head", "embed_tokens", "norm"]""")]
    [InlineData("null")]   // save_embedding_layers writes them without a word in the configuration
    public void Load_WholeModules_AreInTheModelAndSavedAgain(string saved)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        PeftFiles.Add(expected, Query, files.Block(Query));
        string[] names = ["lm_head.weight", "model.embed_tokens.weight", .. saved == "null" ? [] : NormNames(expected)];
        foreach (var name in names)
        {
            var value = files.Tensors[PeftFiles.Prefix + name] = files.Random(
                [.. expected.named_parameters().First(p => p.name == name).parameter.shape]);
            PeftFiles.Set(expected, name, _ => value);
        }

        files.Write(("target_modules", "\".*1.*q_proj\""), ("modules_to_save", saved));
        using var again = TinyLlama.Create();

        var adapted = AdapterStore.Load(model, files.Folder);
        AdapterStore.Save(adapted, files.Other("again"));
        AdapterStore.Load(again, files.Other("again"));

        AssertSame(expected, model);
        AssertSame(expected, again);
        Assert.Equal(
            names.Select(name => name[..^".weight".Length]).Order(StringComparer.Ordinal),
            adapted.SavedModules.Order(StringComparer.Ordinal));
        Assert.Equal("CAUSAL_LM", (string)Json(files.Other("again"))["task_type"]!);
    }

    [Fact]
    public void Load_WholeModuleWithoutItsTensors_IsRefused()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("modules_to_save", """["lm_head"]"""));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains($"'{PeftFiles.Prefix}lm_head.weight' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ModuleToSaveThatTheModelLacks_IsRefused()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("modules_to_save", """["score"]"""));

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("modules_to_save score: this model has no such module", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lm_head.weight")]
    [InlineData("model.embed_tokens.weight")]
    public void Load_HalfOfATiedPair_UntiesTheModel(string name)
    {
        using var files = new PeftFiles();
        using var tied = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = true });
        using var expected = TinyLlama.Create();
        foreach (var (parameter, value) in tied.named_parameters())
        {
            PeftFiles.Set(expected, parameter, _ => value);
        }

        PeftFiles.Set(expected, "lm_head.weight", _ => tied.named_parameters().First(p => p.name == "model.embed_tokens.weight").parameter);
        PeftFiles.Add(expected, Query, files.Block(Query));
        var changed = files.Tensors[PeftFiles.Prefix + name] = files.Random(TinyLlama.VocabularySize, 16);
        PeftFiles.Set(expected, name, _ => changed);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("modules_to_save", $"[\"{name[..^".weight".Length]}\"]"));

        SavedAdapter.Load(tied, files.Folder);

        AssertSame(expected, tied);
        var config = new JsonObject();
        tied.Describe(config);
        Assert.False((bool)config["tie_word_embeddings"]!);
    }

    [Theory]
    [InlineData("[4, 2]")]
    [InlineData("""{ "embed_tokens": [4, 2] }""")]
    public void Load_TrainedTokens_AreRowsOfTheEmbeddingAndSavedAgain(string tokens)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        using var again = TinyLlama.Create();
        PeftFiles.Add(expected, Query, files.Block(Query));
        var rows = files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(2, 16);
        PeftFiles.Set(expected, "model.embed_tokens.weight", weight => weight.index_copy(0, tensor((long[])[4, 2]), rows));
        files.Write(("target_modules", "\".*1.*q_proj\""), ("trainable_token_indices", tokens));

        var adapted = AdapterStore.Load(model, files.Folder);
        AdapterStore.Save(adapted, files.Other("again"));
        AdapterStore.Load(again, files.Other("again"));

        AssertSame(expected, model);
        AssertSame(expected, again);
        Assert.Equal("""{"model.embed_tokens":[4,2]}""", Json(files.Other("again"))["trainable_token_indices"]!.ToJsonString());
    }

    [Fact]
    public void Load_TrainedTokensOfATiedModelBesideABlockOnItsHead_AreRefused()
    {
        // PEFT puts the rows into the head, too.
        using var files = new PeftFiles();
        using var tied = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = true });
        files.Block("lm_head", TinyLlama.VocabularySize);
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(2, 16);
        files.Write(("target_modules", """["lm_head"]"""), ("trainable_token_indices", "[4, 2]"));

        var error = Assert.Throws<ConfigException>(() => SavedAdapter.Load(tied, files.Folder));

        Assert.Contains("trained tokens of an embedding that is the output head too", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.0, true)]
    [InlineData(1.5, false)]
    public void Load_BaseWeightBesideTrainedTokens_MustBeTheModels(double factor, bool isRead)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(2, 16);
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.base_layer.weight"] =
            model.named_parameters().First(p => p.name == "model.embed_tokens.weight").parameter.detach() * factor;
        files.Write(("target_modules", "\".*1.*q_proj\""), ("trainable_token_indices", "[4, 2]"));

        var error = Record.Exception(() => AdapterStore.Load(model, files.Folder));

        Assert.Equal(isRead, error is null);
        Assert.True(isRead || error is ConfigException);
    }

    [Fact]
    public void Load_TrainedTokenBeyondTheVocabulary_IsNamed()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(2, 16);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("trainable_token_indices", "[4, 23]"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("token 23 is none of the 23 of 'model.embed_tokens'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_only")]
    [InlineData("all")]
    public void Load_Biases_AreInTheLayersAndSavedAgain(string biases)
    {
        using var files = new PeftFiles();
        var biased = TinyLlama.Config with { ConfiguredAttentionBias = true };
        using var model = TinyLlama.Create(biased);
        using var expected = TinyLlama.Create(biased);
        using var again = TinyLlama.Create(biased);
        PeftFiles.Add(expected, Query, files.Block(Query));
        Bias($"{Query}.bias", $"{Query}.base_layer.bias", 16);
        if (biases == "all")
        {
            Bias($"{Value}.bias", $"{Value}.bias", 8);
        }

        files.Write(("target_modules", "\".*1.*q_proj\""), ("bias", $"\"{biases}\""));

        AdapterStore.Save(AdapterStore.Load(model, files.Folder), files.Other("again"));
        AdapterStore.Load(again, files.Other("again"));

        AssertSame(expected, model);
        AssertSame(expected, again);
        Assert.Equal(biases, (string)Json(files.Other("again"))["bias"]!);
        Assert.Null(Json(files.Other("again"))["modules_to_save"]);

        void Bias(string name, string stored, long count)
        {
            var value = files.Tensors[PeftFiles.Prefix + stored] = files.Random(count);
            PeftFiles.Set(expected, name, _ => value);
        }
    }

    [Theory]
    [InlineData(1.0, true)]
    [InlineData(1.5, false)]
    public void Load_BaseWeightOfTheHeadBesideItsBlock_MustBeTheModels(double factor, bool isRead)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        PeftFiles.Add(expected, "lm_head", files.Block("lm_head", TinyLlama.VocabularySize));
        files.Tensors[$"{PeftFiles.Prefix}lm_head.base_layer.weight"] = model.named_parameters().First(
            p => p.name == "lm_head.weight").parameter.detach() * factor;
        files.Write(("target_modules", """["lm_head"]"""));

        if (isRead)
        {
            AdapterStore.Load(model, files.Folder);
            AssertSame(expected, model);
        }
        else
        {
            Assert.Contains(
                "is another weight than the model's",
                Assert.Throws<ConfigException>(() => AdapterStore.Load(model, files.Folder)).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("model.embed_tokens.lora_embedding_A", "adapter_config.json does not choose that layer")]
    [InlineData($"{Value}.base_layer.bias", "belongs to no block")]
    [InlineData($"{Query}.bias", "belongs to no block")]
    [InlineData($"{Query}.lora_magnitude_vector", "is a magnitude, and use_dora is not set")]
    [InlineData($"{Query}.lora_diag", "belongs to no block")]
    [InlineData("model.embed_tokens.token_adapter.trainable_tokens_delta", "names no such module")]
    public void Load_TensorsThatMeanNothingHere_AreRefused(string name, string part)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create(TinyLlama.Config with { ConfiguredAttentionBias = true });
        files.Block(Query);
        files.Tensors[PeftFiles.Prefix + name] = files.Random(16);
        files.Write(("target_modules", "\".*1.*q_proj\""));

        var error = Assert.ThrowsAny<ResLoraException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EmbeddingWithMoreRows_SaysThatTokensWereAdded()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Block(Query);
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.weight"] = files.Random(TinyLlama.VocabularySize + 2, 16);
        files.Write(("target_modules", "\".*1.*q_proj\""));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("Tokens were added before it was trained", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CopiesThatPeftMakesOfSavedBiases_AreLeftOut()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        PeftFiles.Add(expected, Query, files.Block(Query));
        var norm = files.Tensors[$"{PeftFiles.Prefix}model.norm.weight"] = files.Random(16);
        files.Tensors[$"{PeftFiles.Prefix}model.norm.modules_to_save.weight"] = norm;
        files.Tensors[$"{PeftFiles.Prefix}model.norm.original_module.weight"] = files.Random(16);
        PeftFiles.Set(expected, "model.norm.weight", _ => norm);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("modules_to_save", """["model.norm"]"""));

        AdapterStore.Load(model, files.Folder);

        AssertSame(expected, model);
    }

    [Fact]
    public void Load_RankThatNoLayerCanUse_IsWarnedOf()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        files.Tensors[$"{PeftFiles.Prefix}{Query}.lora_A.weight"] = files.Random(17, 16);
        files.Tensors[$"{PeftFiles.Prefix}{Query}.lora_B.weight"] = files.Random(16, 17);
        files.Write(("target_modules", "\".*1.*q_proj\""), ("r", "17"));
        var heard = new List<string>();
        using var listening = Warnings.Listen(heard.Add);

        AdapterStore.Load(model, files.Folder);

        Assert.Contains($"A rank of 17 is more than '{Query}' can use", Assert.Single(heard), StringComparison.Ordinal);
    }

    private static IEnumerable<string> NormNames(LlamaModel model) =>
        model.named_parameters().Select(p => p.name).Where(name => name.EndsWith("norm.weight", StringComparison.Ordinal));

    private static JsonNode Json(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json")))!;

    private static void AssertSame(LlamaModel expected, LlamaModel actual)
    {
        using var scope = NewDisposeScope();
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(actual)), 0, Tolerance);
    }
}
