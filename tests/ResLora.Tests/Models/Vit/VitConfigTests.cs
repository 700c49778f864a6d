using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Vit;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Vit;

public sealed class VitConfigTests
{
    [Fact]
    public void Read_KeysLeftOut_TakesTheDefaultsOfTransformers()
    {
        var config = Read("""{ "model_type": "vit" }""");

        Assert.Equal((768, 12, 12, 3072), (config.HiddenSize, config.LayerCount, config.HeadCount, config.IntermediateSize));
        Assert.Equal((new PixelSize(224, 224), new PixelSize(16, 16), 3), (config.ImageSize, config.PatchSize, config.Channels));
        Assert.Equal((1e-12, "gelu", true), (config.NormEpsilon, config.Activation, config.ProjectionBias));
        Assert.Equal((0.0, 0.0, 0.02), (config.HiddenDropout, config.AttentionDropout, config.InitializerRange));
        Assert.Equal(["LABEL_0", "LABEL_1"], config.Head.Labels);
        Assert.Equal(196, config.PatchCount);
    }

    [Theory]
    [InlineData("32", "8", 16)]
    [InlineData("[16, 32]", "8", 8)]
    [InlineData("[16, 32]", "[4, 8]", 16)]
    [InlineData("[19, 33]", "8", 8)]
    public void PatchCount_SizesAsANumberOrAPair_IsOfWholePatches(string image, string patch, long count) =>
        Assert.Equal(count, Read($$"""{ "model_type": "vit", "image_size": {{image}}, "patch_size": {{patch}} }""").PatchCount);

    [Fact]
    public void Read_KeysOfThePoolerAndOfMaskedPictures_AreOfNoConcern()
    {
        var config = Read("""
            {
              "model_type": "vit", "architectures": ["ViTModel"], "pooler_act": "tanh", "pooler_output_size": 768, "encoder_stride": 16,
              "transformers_version": "5.12.1", "dtype": "float32", "head_dim": 64, "id2label": { "1": "dog", "0": "cat" }
            }
            """);

        Assert.Equal(["cat", "dog"], config.Head.Labels);
    }

    [Theory]
    [InlineData("\"model_type\": \"swin\"", "model_type 'swin' is not supported (supported: vit, deit)")]
    [InlineData("\"hidden_size\": 30", "hidden_size (30) is not a multiple of num_attention_heads (4)")]
    [InlineData("\"num_hidden_layers\": 0", "num_hidden_layers is 0; it must be from 1 to 1000")]
    [InlineData("\"num_channels\": 0", "num_channels is 0; it must be from 1 to 1000")]
    [InlineData("\"image_size\": [16, -1]", "image_size (width) is -1; it must be from 1 to 100000")]
    [InlineData("\"patch_size\": 40", "patch_size (40 x 40) is larger than image_size (32 x 32)")]
    [InlineData("\"image_size\": 100000, \"patch_size\": 1", "has 10000000000 patches of 1 x 1")]
    [InlineData("\"hidden_act\": \"tanh\"", "hidden_act 'tanh' is not supported")]
    [InlineData("\"hidden_dropout_prob\": 1", "hidden_dropout_prob is 1")]
    [InlineData("\"attention_probs_dropout_prob\": -0.1", "attention_probs_dropout_prob is -0.1")]
    [InlineData("\"layer_norm_eps\": 0", "layer_norm_eps is 0")]
    [InlineData("\"id2label\": { \"0\": \"a\", \"2\": \"b\" }", "not numbered 0 to 1")]
    [InlineData("\"problem_type\": \"multi_label_classification\"", "problem_type 'multi_label_classification' is not supported")]
    [InlineData("\"head_dim\": 4", "head_dim 4 is not supported (hidden_size / num_attention_heads is)")]
    [InlineData("\"quantization_config\": {}", "quantised checkpoints are not supported")]
    [InlineData("\"pruned_heads\": { \"0\": [1] }", "pruned_heads is not supported")]
    [InlineData("\"architectures\": [\"ViTForObjectDetection\"]", "architectures names a model for ObjectDetection")]
    public void Read_WhatCannotBeCarriedOut_IsNamed(string keys, string part)
    {
        var json = JsonNode.Parse("""{ "model_type": "vit", "hidden_size": 32, "num_attention_heads": 4, "image_size": 32 }""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse($"{{ {keys} }}")!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        var error = Assert.Throws<ConfigException>(() => Read(json.ToJsonString()));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image_size", "\"large\"")]
    [InlineData("image_size", "[8, 8, 8]")]
    [InlineData("image_size", "[]")]
    [InlineData("patch_size", "1.5")]
    [InlineData("patch_size", "null")]
    [InlineData("patch_size", "[8, \"8\"]")]
    [InlineData("hidden_act", "null")]
    [InlineData("qkv_bias", "\"yes\"")]
    public void Read_ValueOfAnotherForm_NamesTheKey(string key, string value)
    {
        var error = Assert.Throws<FileFormatException>(() => Read($$"""{ "model_type": "vit", "{{key}}": {{value}} }"""));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    private static VitConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        return VitConfig.Read(folder.Write("config.json", json));
    }
}
