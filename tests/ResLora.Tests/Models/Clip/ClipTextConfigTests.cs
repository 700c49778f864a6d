using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Clip;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Clip;

public sealed class ClipTextConfigTests
{
    [Fact]
    public void Read_KeysLeftOut_TakesTheDefaultsOfTransformers()
    {
        var config = Read("""{ "model_type": "clip_text_model" }""");

        Assert.Equal((512, 12, 8, 2048), (config.HiddenSize, config.LayerCount, config.HeadCount, config.IntermediateSize));
        Assert.Equal((49408, 77, 49407), (config.VocabularySize, config.PositionRows, config.EndId));
        Assert.Equal((1e-5, "quick_gelu"), (config.NormEpsilon, config.Activation));
        Assert.Equal((0.0, 0.02), (config.AttentionDropout, config.InitializerRange));
    }

    [Fact]
    public void Read_KeysOfPublishedFolders_AreOfNoConcern()
    {
        var config = Read("""
            {
              "_name_or_path": "openai/clip-vit-large-patch14", "architectures": ["CLIPTextModel"], "attention_dropout": 0.0,
              "bos_token_id": 0, "dropout": 0.0, "eos_token_id": 2, "hidden_act": "quick_gelu", "hidden_size": 768, "initializer_factor": 1.0,
              "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-05, "max_position_embeddings": 77,
              "model_type": "clip_text_model", "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 1, "projection_dim": 768,
              "torch_dtype": "float32", "transformers_version": "4.22.0.dev0", "vocab_size": 49408
            }
            """);

        Assert.Equal((768, 12, ClipTextConfig.OldEndId), (config.HiddenSize, config.HeadCount, config.EndId));
    }

    [Theory]
    [InlineData("\"model_type\": \"clip\"", "model_type 'clip' is not supported (supported: clip_text_model)")]
    [InlineData("\"hidden_size\": 30", "hidden_size (30) is not a multiple of num_attention_heads (4)")]
    [InlineData("\"num_hidden_layers\": 0", "num_hidden_layers is 0; it must be from 1 to 1000")]
    [InlineData("\"num_attention_heads\": -1", "num_attention_heads is -1; it must be from 1 to 10000")]
    [InlineData("\"intermediate_size\": 0", "intermediate_size is 0; it must be from 1 to 10000000")]
    [InlineData("\"vocab_size\": 100000000", "vocab_size is 100000000; it must be from 1 to 10000000")]
    [InlineData("\"max_position_embeddings\": 0", "max_position_embeddings is 0; it must be from 1 to 1000000")]
    [InlineData("\"eos_token_id\": 49408", "eos_token_id is 49408; it must be from 0 to 49407")]
    [InlineData("\"eos_token_id\": -1", "eos_token_id is -1; it must be from 0 to 49407")]
    [InlineData("\"hidden_act\": \"tanh\"", "hidden_act 'tanh' is not supported")]
    [InlineData("\"attention_dropout\": 1", "attention_dropout is 1")]
    [InlineData("\"layer_norm_eps\": 0", "layer_norm_eps is 0")]
    [InlineData("\"initializer_range\": -1", "initializer_range is -1")]
    [InlineData("\"architectures\": [\"CLIPModel\"]", "architectures names 'CLIPModel', which is not supported (supported: CLIPTextModel")]
    [InlineData("\"architectures\": [null]", "architectures names ''")]
    [InlineData("\"is_decoder\": true", "is_decoder is not supported")]
    [InlineData("\"quantization_config\": {}", "quantised checkpoints are not supported")]
    [InlineData("\"pruned_heads\": { \"0\": [1] }", "pruned_heads is not supported")]
    public void Read_WhatCannotBeCarriedOut_IsNamed(string keys, string part)
    {
        var error = Assert.Throws<ConfigException>(() => Read(With(keys)));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralProblems_NamesThemAll()
    {
        var json = With("\"num_hidden_layers\": 0, \"hidden_act\": \"x\", \"eos_token_id\": -7");

        var message = Assert.Throws<ConfigException>(() => Read(json)).Message;

        Assert.All(["num_hidden_layers", "hidden_act", "eos_token_id"], key => Assert.Contains(key, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hidden_act", "null")]
    [InlineData("hidden_size", "1.5")]
    [InlineData("eos_token_id", "null")]
    [InlineData("eos_token_id", "[49407]")]
    [InlineData("vocab_size", "1e400")]
    [InlineData("layer_norm_eps", "\"small\"")]
    public void Read_ValueOfAnotherForm_NamesTheKey(string key, string value)
    {
        var error = Assert.Throws<FileFormatException>(() => Read(With($"\"{key}\": {value}")));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_AWholeClip_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", """{ "model_type": "clip", "text_config": { "vocab_size": 49408 }, "vision_config": {} }""");

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(folder.Path));

        Assert.Contains("model_type 'clip' is not supported", error.Message, StringComparison.Ordinal);
        Assert.Contains("clip_text_model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_WithAHead_IsRefused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", """{ "model_type": "clip_text_model" }""");

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(folder.Path, ModelHead.ForLabels(["a", "b"])));

        Assert.Contains("no head of its own", error.Message, StringComparison.Ordinal);
    }

    private static string With(string keys)
    {
        var json = JsonNode.Parse("""{ "model_type": "clip_text_model", "hidden_size": 32, "num_attention_heads": 4 }""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse($"{{ {keys} }}")!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        return json.ToJsonString();
    }

    private static ClipTextConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        return ClipTextConfig.Read(folder.Write("config.json", json));
    }
}
