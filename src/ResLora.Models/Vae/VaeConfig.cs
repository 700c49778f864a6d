using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Vae;

/// <summary>
/// A <c>config.json</c> of diffusers' AutoencoderKL. What the network cannot carry out is refused by name; nothing that changes the numbers
/// is ignored.
/// </summary>
public sealed record VaeConfig
{
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>The channels of pictures: 3 for red, green and blue.</summary>
    [JsonPropertyName("in_channels")]
    public int InChannels { get; init; } = 3;

    /// <summary>The channels of decoded pictures.</summary>
    [JsonPropertyName("out_channels")]
    public int OutChannels { get; init; } = 3;

    /// <summary>C, the channels of latents.</summary>
    [JsonPropertyName("latent_channels")]
    public int LatentChannels { get; init; } = 4;

    /// <summary>The channels of each level, from the top.</summary>
    [JsonPropertyName("block_out_channels")]
    public IReadOnlyList<int> Widths { get; init; } = [64];

    /// <summary>The kinds of the encoder's levels.</summary>
    [JsonPropertyName("down_block_types")]
    public IReadOnlyList<string> DownTypes { get; init; } = ["DownEncoderBlock2D"];

    /// <summary>The kinds of the decoder's levels.</summary>
    [JsonPropertyName("up_block_types")]
    public IReadOnlyList<string> UpTypes { get; init; } = ["UpDecoderBlock2D"];

    /// <summary>How many blocks a level of the encoder has; one of the decoder has one more.</summary>
    [JsonPropertyName("layers_per_block")]
    public int LayerCount { get; init; } = 1;

    /// <summary>The groups of the norms.</summary>
    [JsonPropertyName("norm_num_groups")]
    public int NormGroups { get; init; } = 32;

    /// <summary>What latents are multiplied by for the UNet.</summary>
    [JsonPropertyName("scaling_factor")]
    public double ScalingFactor { get; init; } = 0.18215;

    /// <summary>Whether a convolution stands behind the encoder.</summary>
    [JsonPropertyName("use_quant_conv")]
    public bool HasQuantConvolution { get; init; } = true;

    /// <summary>Whether a convolution stands before the decoder.</summary>
    [JsonPropertyName("use_post_quant_conv")]
    public bool HasPostQuantConvolution { get; init; } = true;

    /// <summary>Whether the lowest level has attention.</summary>
    [JsonPropertyName("mid_block_add_attention")]
    public bool HasAttention { get; init; } = true;

    /// <summary>Everything else in the file; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>How many pixels a latent stands for, in height and in width.</summary>
    [JsonIgnore]
    public int Factor => 1 << (Widths.Count - 1);

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static VaeConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<VaeConfig>(path, _json);
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => new VaeConfigProblems(this).All();
}
