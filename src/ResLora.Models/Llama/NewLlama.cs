using System.Text.Json;
using System.Text.Json.Nodes;

namespace ResLora.Models.Llama;

/// <summary>Describes Llamas that do not exist yet.</summary>
internal static class NewLlama
{
    /// <summary>A Llama of a given shape.</summary>
    public static NewNetwork Of(TextNetworkShape shape)
    {
        var config = Describe(shape);
        var description = config.Deserialize<LlamaConfig>()!;
        return new NewNetwork(config, [.. description.Problems()], () => new LlamaModel(description));
    }

    private static JsonObject Describe(TextNetworkShape shape) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = shape.Vocabulary,
        ["hidden_size"] = shape.Hidden,
        ["intermediate_size"] = shape.Intermediate,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KeyValueHeads,
        ["max_position_embeddings"] = shape.MaxLength,
        ["hidden_act"] = "silu",
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = shape.RopeTheta,
        ["attention_bias"] = false,
        ["mlp_bias"] = false,
        ["initializer_range"] = shape.InitializerRange,
        ["tie_word_embeddings"] = shape.TieEmbeddings,
        ["bos_token_id"] = shape.BeginId,
        ["eos_token_id"] = shape.EndId,
        ["pad_token_id"] = shape.PadId,
    };
}
