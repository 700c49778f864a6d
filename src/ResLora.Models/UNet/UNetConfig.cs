using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.UNet;

/// <summary>
/// A <c>config.json</c> of the UNet of Stable Diffusion 1 and 2 as diffusers writes it. What the network cannot carry out is refused by
/// name; nothing that changes the numbers is ignored. Defaults are diffusers'.
/// </summary>
public sealed record UNetConfig
{
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>diffusers' name of such a network.</summary>
    public const string ClassName = "UNet2DConditionModel";

    /// <summary>The class.</summary>
    [JsonPropertyName("_class_name")]
    public string Class { get; init; } = ClassName;

    /// <summary>Y and X of the latents that the network was trained on; null when it is not said. Others can be run, too.</summary>
    [JsonPropertyName("sample_size")]
    public PixelSize? SampleSize { get; init; }

    /// <summary>Channels of the latents.</summary>
    [JsonPropertyName("in_channels")]
    public int InChannels { get; init; } = 4;

    /// <summary>Channels of what is predicted.</summary>
    [JsonPropertyName("out_channels")]
    public int OutChannels { get; init; } = 4;

    /// <summary>Whether cosines stand before sines in the embedding of the time.</summary>
    [JsonPropertyName("flip_sin_to_cos")]
    public bool CosinesFirst { get; init; } = true;

    /// <summary>What is taken off the number of frequencies when they are spread.</summary>
    [JsonPropertyName("freq_shift")]
    public double FrequencyShift { get; init; }

    /// <summary>The kinds of the blocks on the way down.</summary>
    [JsonPropertyName("down_block_types")]
    public IReadOnlyList<string> DownBlocks { get; init; } =
        ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"];

    /// <summary>The kinds of the blocks on the way up.</summary>
    [JsonPropertyName("up_block_types")]
    public IReadOnlyList<string> UpBlocks { get; init; } = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"];

    /// <summary>The channels of each block on the way down.</summary>
    [JsonPropertyName("block_out_channels")]
    public IReadOnlyList<int> Channels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>The residual blocks of each block on the way down; those on the way up have one more.</summary>
    [JsonPropertyName("layers_per_block")]
    public PerBlock Layers { get; init; } = PerBlock.Same(2);

    /// <summary>The transformer layers behind each residual block.</summary>
    [JsonPropertyName("transformer_layers_per_block")]
    public PerBlock TransformerLayers { get; init; } = PerBlock.Same(1);

    /// <summary>The width of the hidden states of texts.</summary>
    [JsonPropertyName("cross_attention_dim")]
    public PerBlock TextWidth { get; init; } = PerBlock.Same(1280);

    /// <summary>The number of heads, in spite of its name.</summary>
    [JsonPropertyName("attention_head_dim")]
    public PerBlock AttentionHeadDim { get; init; } = PerBlock.Same(8);

    /// <summary>The number of heads, where it is given; else <see cref="AttentionHeadDim"/> is.</summary>
    [JsonPropertyName("num_attention_heads")]
    public PerBlock? AttentionHeads { get; init; }

    /// <summary>Whether transformers are entered and left by a linear layer and not by a convolution of 1 x 1.</summary>
    [JsonPropertyName("use_linear_projection")]
    public bool UsesLinearProjection { get; init; }

    /// <summary>Whether the scores of attention are computed in float32 whatever the dtype is.</summary>
    [JsonPropertyName("upcast_attention")]
    public bool WidensAttention { get; init; }

    /// <summary>The groups of the norms over groups of channels.</summary>
    [JsonPropertyName("norm_num_groups")]
    public int NormGroups { get; init; } = 32;

    /// <summary>ε of the norms outside of the transformers.</summary>
    [JsonPropertyName("norm_eps")]
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>The activation.</summary>
    [JsonPropertyName("act_fn")]
    public string Activation { get; init; } = "silu";

    /// <summary>Everything else in the file; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>The number of heads in each block on the way down.</summary>
    [JsonIgnore]
    public PerBlock Heads => AttentionHeads ?? AttentionHeadDim;

    /// <summary>The width of the embedding of the time.</summary>
    [JsonIgnore]
    public int TimeWidth => 4 * Channels[0];

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static UNetConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<UNetConfig>(path, _json);
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => new UNetConfigProblems(this).All();
}
