using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models;

public sealed class ModelRegistryTests
{
    private static readonly string[] _values =
    [
        "null", "true", "\"x\"", "\"\"", "[]", "{}", "[null]", "[1]", """{"0":null}""", """{"x":1}""", """{"rope_type":null}""", """{"rope_type":"yarn"}""",
        """{"rope_type":"yarn","factor":2,"rope_theta":null}""", """{"type":"llama3","factor":null}""", "-1", "0", "1", "1.5", "3", "1e400", "-1e400", "99999999999999999999",
    ];

    private static readonly string[] _llama =
    [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size",
        "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "rope_parameters", "original_max_position_embeddings", "hidden_act", "attention_bias",
        "mlp_bias", "attention_dropout", "tie_word_embeddings", "sliding_window", "use_sliding_window", "max_window_layers", "layer_types", "architectures",
        "initializer_range", "quantization_config", "partial_rotary_factor",
    ];

    private static readonly string[] _bert =
    [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "max_position_embeddings", "type_vocab_size",
        "layer_norm_eps", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "pad_token_id", "initializer_range",
        "position_embedding_type", "id2label", "num_labels", "problem_type", "architectures", "is_decoder", "add_cross_attention", "tie_word_embeddings",
        "quantization_config", "pruned_heads",
    ];

    private static readonly string[] _clip =
    [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
        "max_position_embeddings", "layer_norm_eps", "hidden_act", "attention_dropout", "eos_token_id", "initializer_range",
        "architectures", "is_decoder", "quantization_config", "pruned_heads",
    ];

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("clip_text_model")]
    public void Build_AnyKeyOfAnyKind_IsBuiltOrRefused(string family)
    {
        using var folder = new TemporaryFolder();
        var (keys, tiny) = family switch
        {
            "bert" or "roberta" => (_bert, TinyBert.Json(TinyBert.Config(family)).ToJsonString()),
            "clip_text_model" => (_clip, JsonSerializer.Serialize(TinyClip.Config)),
            _ => (_llama, TinyFolders.Json(TinyLlama.Config with { ModelType = family })),
        };
        var refused = 0;
        foreach (var (key, value) in keys.SelectMany(key => _values.Select(value => (key, value))))
        {
            var json = JsonNode.Parse(tiny)!.AsObject();
            json[key] = JsonNode.Parse(value);
            folder.Write("config.json", json.ToJsonString());
            if (Record.Exception(() => ModelRegistry.Build(folder.Path).Dispose()) is { } error)
            {
                Assert.True(error is ResLoraException, $"{key}: {value}: {error}");
                refused++;
            }
        }

        // Most values are no use for most keys; a reader that took them all would be no reader.
        Assert.InRange(refused, _values.Length * keys.Length / 2, int.MaxValue);
    }
}
