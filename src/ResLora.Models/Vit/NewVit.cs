using System.Text.Json;
using System.Text.Json.Nodes;

namespace ResLora.Models.Vit;

/// <summary>Describes vision transformers that do not exist yet.</summary>
internal static class NewVit
{
    /// <summary>A ViT of a given shape.</summary>
    public static NewNetwork Of(ImageNetworkShape shape)
    {
        var config = Describe(shape);
        var description = config.Deserialize<VitConfig>()!;
        return new NewNetwork(config, [.. description.Problems()], () => new VitModel(description));
    }

    private static JsonObject Describe(ImageNetworkShape shape)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray("ViTForImageClassification"),
            ["model_type"] = "vit",
            ["hidden_size"] = shape.Hidden,
            ["intermediate_size"] = shape.Intermediate,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["image_size"] = JsonSerializer.SerializeToNode(shape.ImageSize),
            ["patch_size"] = JsonSerializer.SerializeToNode(shape.PatchSize),
            ["num_channels"] = shape.Channels,
            ["hidden_act"] = "gelu",
            ["qkv_bias"] = true,
            ["hidden_dropout_prob"] = shape.Dropout,
            ["attention_probs_dropout_prob"] = shape.Dropout,
            ["layer_norm_eps"] = 1e-12,
            ["initializer_range"] = shape.InitializerRange,
        };
        shape.Head.Describe(config);
        return config;
    }
}
