using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Llama;

public sealed class LlamaConfigTests
{
    private const string Minimal = """
        { "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 50 }
        """;

    /// <summary>Keys of published configurations that we do not read because they do not change what the network computes.</summary>
    private static readonly string[] _harmless =
    [
        "architectures", "torch_dtype", "dtype", "transformers_version", "use_cache", "bos_token_id", "eos_token_id", "pad_token_id",
        "pretraining_tp", "_name_or_path",
    ];

    [Fact]
    public void Read_MinimalLlama_HasTheFamilysDefaults()
    {
        var config = Read(Minimal);

        Assert.Equal((4, 16), (config.KeyValueHeadCount, config.HeadSize));
        Assert.Equal((1e-6, 10000.0, 2048), (config.NormEpsilon, config.RopeTheta, config.MaxPositions));
        Assert.False(config.TieWordEmbeddings || config.QueryKeyValueBias || config.OutputBias || config.HeadNorm || config.MlpBias);
        Assert.Null(config.RopeScaling);
        Assert.Null(config.SlidingWindow(0));
        Assert.Empty(config.Unread);
    }

    [Theory]
    [InlineData("llama", false, false, false, 16)]
    [InlineData("mistral", false, false, false, 16)]
    [InlineData("qwen2", true, false, false, 16)]
    [InlineData("qwen3", false, false, true, 128)]
    public void Read_Families_DifferInBiasesNormsAndHeads(string family, bool bias, bool outputBias, bool headNorm, int headSize)
    {
        var config = Read(Minimal, ("model_type", $"\"{family}\""));

        Assert.Equal((bias, outputBias, headNorm, headSize), (config.QueryKeyValueBias, config.OutputBias, config.HeadNorm, config.HeadSize));
    }

    [Theory]
    [InlineData("llama", true, true)]
    [InlineData("qwen3", true, true)]
    public void Read_AttentionBias_IsOnAllFourProjections(string family, bool bias, bool outputBias)
    {
        var config = Read(Minimal, ("model_type", $"\"{family}\""), ("attention_bias", "true"));

        Assert.Equal((bias, outputBias), (config.QueryKeyValueBias, config.OutputBias));
    }

    [Theory]
    [InlineData("mistral", "null", "null", new[] { 8, 8, 8 })]
    [InlineData("llama", "null", "null", new[] { 0, 0, 0 })]
    [InlineData("qwen2", "false", "1", new[] { 0, 0, 0 })]
    [InlineData("qwen2", "true", "1", new[] { 0, 8, 8 })]
    [InlineData("qwen3", "true", "null", new[] { 0, 0, 0 })]
    public void SlidingWindow_PerLayer_FollowsTheFamily(string family, string used, string from, int[] expected)
    {
        var config = Read(Minimal, ("model_type", $"\"{family}\""), ("sliding_window", "8"), ("use_sliding_window", used), ("max_window_layers", from));

        Assert.Equal(expected, Enumerable.Range(0, 3).Select(i => config.SlidingWindow(i) ?? 0));
    }

    [Fact]
    public void Read_RopeParameters_TakeThePlaceOfTheOlderKeys()
    {
        var config = Read(Minimal, ("rope_parameters", """{ "rope_type": "linear", "factor": 4.0, "rope_theta": 500000.0 }"""));

        Assert.Equal(500000, config.RopeTheta);
        Assert.Equal(("linear", 4.0), (config.RopeScaling!.EffectiveKind, config.RopeScaling.Factor));
    }

    [Fact]
    public void Read_RopeScalingUnderItsOlderName_IsRead() =>
        Assert.Equal("linear", Read(Minimal, ("rope_scaling", """{ "type": "linear", "factor": 2 }""")).RopeScaling!.EffectiveKind);

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "model_type 'gpt2'")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act 'gelu'")]
    [InlineData("attention_dropout", "0.1", "attention_dropout 0.1")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "factor": 4 }""", "rope_scaling of type 'yarn'")]
    [InlineData("rope_scaling", """{ "rope_type": "dynamic", "factor": 4 }""", "rope_scaling of type 'dynamic'")]
    [InlineData("quantization_config", """{ "bits": 4 }""", "quantization_config")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor 0.5")]
    [InlineData("layer_types", """["full_attention", "sliding_attention", "full_attention"]""", "layer_types")]
    [InlineData("layer_types", """["full_attention"]""", "layer_types")]
    [InlineData("layer_types", "7", "layer_types")]
    public void Read_UnsupportedFeature_IsRefusedByName(string key, string value, string part) =>
        Assert.Contains(part, Assert.Throws<ConfigException>(() => Read(Minimal, (key, value))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("hidden_size", "0")]
    [InlineData("hidden_size", "-64")]
    [InlineData("intermediate_size", "2000000000")]
    [InlineData("num_hidden_layers", "10000000")]
    [InlineData("num_attention_heads", "0")]
    [InlineData("num_attention_heads", "10000000")]
    [InlineData("num_key_value_heads", "0")]
    [InlineData("num_key_value_heads", "3")]
    [InlineData("head_dim", "0")]
    [InlineData("head_dim", "15")]
    [InlineData("head_dim", "1000000000")]
    [InlineData("vocab_size", "0")]
    [InlineData("max_position_embeddings", "0")]
    [InlineData("rms_norm_eps", "0")]
    [InlineData("rope_theta", "0")]
    [InlineData("sliding_window", "0")]
    [InlineData("rope_scaling", """{ "rope_type": "linear", "factor": 0 }""")]
    [InlineData("rope_scaling", """{ "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1 }""")]
    public void Read_NumberThatCannotBe_IsRefused(string key, string value) =>
        Assert.Throws<ConfigException>(() => Read(Minimal, (key, value)));

    [Theory]
    [InlineData("hidden_size", "\"big\"")]
    [InlineData("hidden_size", "1.5")]
    [InlineData("hidden_size", "99999999999999")]
    [InlineData("rope_scaling", "\"linear\"")]
    [InlineData("vocab_size", null)]
    public void Read_ValueOfAnotherKindOrMissing_NamesTheFileAndTheKey(string key, string? value)
    {
        var error = Assert.Throws<FileFormatException>(() => Read(Minimal, (key, value)));

        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ManyProblems_AreNamedTogether()
    {
        var error = Assert.Throws<ConfigException>(() => Read(Minimal, ("hidden_act", "\"relu\""), ("rms_norm_eps", "2"), ("vocab_size", "-1")));

        Assert.All(["hidden_act", "rms_norm_eps", "vocab_size"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("quantization_config", "null")]
    [InlineData("partial_rotary_factor", "1.0")]
    [InlineData("rope_scaling", """{ "rope_type": "default" }""")]
    [InlineData("layer_types", """["full_attention", "full_attention", "full_attention"]""")]
    [InlineData("layer_types", "null")]
    [InlineData("hidden_act", "\"swish\"")]
    public void Read_HarmlessVariants_AreRead(string key, string value) => Assert.NotNull(Read(Minimal, (key, value)));

    [Theory]
    [InlineData("llama-10m")]
    [InlineData("stories260K")]
    public void Read_PublishedModel_LeavesNoKeyUnread(string name)
    {
        var path = Path.Combine(SharedFolder.PathOrSkip($"models/{name}"), "config.json");

        Assert.Empty(LlamaConfig.Read(path).Unread.Keys.Except(_harmless));
    }

    private static LlamaConfig Read(string text, params (string Key, string? Value)[] changes)
    {
        using var folder = new TemporaryFolder();
        var json = JsonNode.Parse(text)!.AsObject();
        foreach (var (key, value) in changes)
        {
            json.Remove(key);
            if (value is not null)
            {
                json[key] = JsonNode.Parse(value);
            }
        }

        return LlamaConfig.Read(folder.Write("config.json", json.ToJsonString()));
    }
}
