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
        var config = Read(Minimal, ("model_type", $"\"{family}\""), ("num_key_value_heads", "4"));

        Assert.Equal(
            (bias, outputBias, headNorm, headSize), (config.QueryKeyValueBias, config.OutputBias, config.HeadNorm, config.HeadSize));
    }

    [Theory]
    [InlineData("llama", true, true)]
    [InlineData("qwen3", true, true)]
    public void Read_AttentionBias_IsOnAllFourProjections(string family, bool bias, bool outputBias)
    {
        var config = Read(Minimal, ("model_type", $"\"{family}\""), ("num_key_value_heads", "4"), ("attention_bias", "true"));

        Assert.Equal((bias, outputBias), (config.QueryKeyValueBias, config.OutputBias));
    }

    [Theory]
    [InlineData("mistral", "null", "28", new[] { 8, 8, 8 })]
    [InlineData("llama", "null", "28", new[] { 0, 0, 0 })]
    [InlineData("qwen2", "false", "1", new[] { 0, 0, 0 })]
    [InlineData("qwen2", "true", "1", new[] { 0, 8, 8 })]
    [InlineData("qwen3", "true", "28", new[] { 0, 0, 0 })]
    public void SlidingWindow_PerLayer_FollowsTheFamily(string family, string used, string from, int[] expected)
    {
        var config = Read(
            Minimal, (
                "model_type",
                $"\"{family}\""), (
                    "num_key_value_heads", "4"), ("sliding_window", "8"), ("use_sliding_window", used), ("max_window_layers", from));

        Assert.Equal(expected, Enumerable.Range(0, 3).Select(i => config.SlidingWindow(i) ?? 0));
    }

    /// <summary>Values of transformers 5.12.1's MistralConfig, Qwen2Config and Qwen3Config.</summary>
    [Theory]
    [InlineData("llama", 4, 2048, null)]
    [InlineData("mistral", 8, 131072, 4096)]
    [InlineData("qwen2", 32, 32768, 4096)]
    [InlineData("qwen3", 32, 32768, 4096)]
    public void Read_KeyLeftOut_HasTheFamilysDefault(string family, int keyValueHeads, int positions, int? window)
    {
        var config = Read(
            Minimal, ("model_type", $"\"{family}\""), (
                "num_attention_heads", family == "llama" ? "4" : "32"), ("hidden_size", "128"), ("use_sliding_window", "true"),
            ("num_hidden_layers", "29"));

        Assert.Equal((keyValueHeads, positions), (config.KeyValueHeadCount, config.MaxPositions));
        Assert.Equal(family == "mistral" ? window : null, config.SlidingWindow(27));
        Assert.Equal(window, config.SlidingWindow(28));
    }

    [Fact]
    public void Read_MistralWhoseWindowIsNull_HasNone() =>
        Assert.Null(
            Read(Minimal, ("model_type", "\"mistral\""), ("num_key_value_heads", "4"), ("sliding_window", "null")).SlidingWindow(0));

    [Theory]
    [InlineData("qwen2", "true", new[] { 0, 8, 0 })]
    [InlineData("mistral", "null", new[] { 0, 8, 0 })]
    [InlineData("llama", "true", new[] { 0, 0, 0 })]
    public void SlidingWindow_WithLayerTypes_FollowsThemWithANote(string family, string used, int[] expected)
    {
        var config = Read(
            Minimal, (
                "model_type",
                $"\"{family}\""), (
                    "num_key_value_heads", "4"), ("sliding_window", "8"), ("use_sliding_window", used), ("max_window_layers", "0"),
            ("layer_types", """["full_attention", "sliding_attention", "full_attention"]"""));

        Assert.Equal(expected, Enumerable.Range(0, 3).Select(i => config.SlidingWindow(i) ?? 0));
        Assert.Contains("layer_types", Assert.Single(config.Notes()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 500000.0 }""", null, null, 500000, 4, 0)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 50.0 }""", "10000.0", null, 50, 4, 1)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 50.0 }""", "50", null, 50, 4, 0)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0 }""", "77", null, 77, 4, 0)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 50.0 }""", "300", """{ "type": "linear", "factor": 2 }""", 300, 2, 1)]
    [InlineData("""{ "rope_type": "linear", "factor": 2, "rope_theta": 300 }""", "300", """{ "type": "linear", "factor": 2 }""", 300, 2, 0)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 50.0 }""", null, "{}", 50, 4, 0)]
    [InlineData("""{ "rope_type": "linear", "factor": 4.0, "rope_theta": 50.0 }""", null, "null", 50, 4, 0)]
    [InlineData(null, null, """{ "type": "linear", "factor": 2, "rope_theta": 50 }""", 50, 2, 0)]
    [InlineData("""{ "rope_type": "linear", "type": "default", "factor": 2, "rope_theta": 50 }""", null, null, 50, 2, 1)]
    public void Read_NewAndOldKeysOfRope_HoldInTransformersOrder(
        string? parameters, string? theta, string? scaling, double expectedTheta, double factor, int notes)
    {
        var config = Read(Minimal, ("rope_parameters", parameters), ("rope_theta", theta), ("rope_scaling", scaling));

        Assert.Equal(expectedTheta, config.RopeTheta);
        Assert.Equal(("linear", factor), (config.RopeScaling!.EffectiveKind, config.RopeScaling.Factor));
        Assert.Equal(notes, config.Notes().Count());
    }

    [Theory]
    [InlineData(null, null, 2048)]
    [InlineData("64", null, 64)]
    [InlineData(null, "32", 32)]
    [InlineData("64", "32", 64)]
    public void Read_OriginalLength_IsTheConfigurationsThenTheScalingsThenAllPositions(string? outer, string? inner, double expected)
    {
        var scaling = $$"""{ "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": {{inner ?? "null"}} }""";

        var config = Read(Minimal, ("original_max_position_embeddings", outer), ("rope_scaling", scaling));

        Assert.Equal(expected, config.RopeScaling!.OriginalLength);
        Assert.Equal(outer is not null && inner is not null ? 1 : 0, config.Notes().Count());
    }

    [Fact]
    public void Read_RopeScalingUnderItsOlderName_IsRead() =>
        Assert.Equal("linear", Read(Minimal, ("rope_scaling", """{ "type": "linear", "factor": 2 }""")).RopeScaling!.EffectiveKind);

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "model_type 'gpt2'")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act 'gelu'")]
    [InlineData("attention_dropout", "1", "attention_dropout is 1")]
    [InlineData("rope_scaling", """{ "rope_type": "longrope", "factor": 4 }""", "rope_scaling of type 'longrope'")]
    [InlineData("rope_scaling", """{ "rope_type": "linear" }""", "linear needs a factor")]
    [InlineData("rope_scaling", """{ "rope_type": "dynamic" }""", "dynamic needs a factor")]
    [InlineData("rope_scaling", """{ "rope_type": "llama3", "factor": 8, "high_freq_factor": 4 }""", "low_freq_factor (missing)")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "factor": 4, "beta_fast": 1, "beta_slow": 2 }""", "beta_slow (2)")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 0 }""", "original_max_position_embeddings is 0")]
    [InlineData("rope_parameters", """{ "rope_type": "default", "partial_rotary_factor": 0.5 }""", "partial_rotary_factor 0.5")]
    [InlineData("rope_parameters", """{ "full_attention": { "rope_type": "default" } }""", "'full_attention'")]
    [InlineData("architectures", """["LlamaForSequenceClassification"]""", "SequenceClassification")]
    [InlineData("architectures", """["LlamaForTokenClassification"]""", "TokenClassification")]
    [InlineData("quantization_config", """{ "bits": 4 }""", "quantization_config")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor 0.5")]
    [InlineData("layer_types", """["full_attention", "chunked_attention", "full_attention"]""", "'chunked_attention'")]
    [InlineData("layer_types", """["full_attention", null, "full_attention"]""", "'null'")]
    [InlineData("layer_types", """["full_attention"]""", "layer_types")]
    public void Read_UnsupportedFeature_IsRefusedByName(string key, string value, string part) =>
        Assert.Contains(part, Assert.Throws<ConfigException>(() => Read(Minimal, (key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_QwensLayerTypesWithoutAWindow_AreRefused()
    {
        var error = Assert.Throws<ConfigException>(() => Read(
            Minimal, ("model_type", "\"qwen2\""), ("num_key_value_heads", "4"), ("layer_types", """["full_attention", "sliding_attention", "full_attention"]""")));

        Assert.Contains("use_sliding_window", error.Message, StringComparison.Ordinal);
    }

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
    [InlineData("layer_types", "7")]
    [InlineData("hidden_act", "null")]
    [InlineData("hidden_size", "null")]
    [InlineData("max_window_layers", "null")]
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
        var error = Assert.Throws<ConfigException>(
            () => Read(Minimal, ("hidden_act", "\"relu\""), ("rms_norm_eps", "2"), ("vocab_size", "-1")));

        Assert.All(["hidden_act", "rms_norm_eps", "vocab_size"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("quantization_config", "null")]
    [InlineData("partial_rotary_factor", "1.0")]
    [InlineData("rope_scaling", """{ "rope_type": "default" }""")]
    [InlineData("layer_types", """["full_attention", "full_attention", "full_attention"]""")]
    [InlineData("layer_types", "null")]
    [InlineData("hidden_act", "\"swish\"")]
    [InlineData("attention_dropout", "0.1")]
    [InlineData("architectures", """["LlamaModel"]""")]
    [InlineData("architectures", "null")]
    [InlineData("rope_scaling", """{ "rope_type": "dynamic", "factor": 4 }""")]
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
