using System.Text.Json;
using System.Text.Json.Nodes;

namespace ResLora.Models.Bert;

/// <summary>Describes RoBERTas for masked tokens that do not exist yet.</summary>
internal static class NewRoberta
{
    /// <summary>A RoBERTa of a given shape.</summary>
    public static NewNetwork Of(TextNetworkShape shape)
    {
        var config = Describe(shape);
        var description = config.Deserialize<BertConfig>()!;
        return new NewNetwork(config, [.. description.Problems()], () => new BertModel(description, ModelHead.MaskedTokens));
    }

    private static JsonObject Describe(TextNetworkShape shape) => new()
    {
        ["architectures"] = new JsonArray("RobertaForMaskedLM"),
        ["model_type"] = "roberta",
        ["vocab_size"] = shape.Vocabulary,
        ["hidden_size"] = shape.Hidden,
        ["intermediate_size"] = shape.Intermediate,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        // RoBERTa's positions begin behind the padding token's id.
        ["max_position_embeddings"] = shape.MaxLength + shape.PadId + 1,
        ["type_vocab_size"] = 1,
        ["hidden_act"] = "gelu",
        ["hidden_dropout_prob"] = shape.Dropout,
        ["attention_probs_dropout_prob"] = shape.Dropout,
        ["layer_norm_eps"] = 1e-5,
        ["initializer_range"] = shape.InitializerRange,
        ["position_embedding_type"] = "absolute",
        ["bos_token_id"] = shape.BeginId,
        ["eos_token_id"] = shape.EndId,
        ["pad_token_id"] = shape.PadId,
    };
}
