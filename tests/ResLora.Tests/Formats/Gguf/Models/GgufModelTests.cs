using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Formats.Gguf.Models;

public sealed class GgufModelTests : IDisposable
{
    private static readonly float[] _strangeDivisors = [8, 1, 2, 1];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Keys_AreTheConfigurationOfTheSameModel()
    {
        var config = Read(TinyLlama.Config with { NormEpsilon = 1e-5, ConfiguredRopeTheta = 500000 }).Config;

        Assert.Equal("llama", config["model_type"]!.GetValue<string>());
        Assert.Equal((16, 24, 4), (Int("hidden_size"), Int("intermediate_size"), Int("num_hidden_layers")));
        Assert.Equal((4, 2, 4), (Int("num_attention_heads"), Int("num_key_value_heads"), Int("head_dim")));
        Assert.Equal((23, 64), (config["vocab_size"]!.GetValue<long>(), Int("max_position_embeddings")));
        Assert.Equal("1E-05", config["rms_norm_eps"]!.ToJsonString());
        Assert.Equal("500000", config["rope_theta"]!.ToJsonString());
        Assert.False(config["tie_word_embeddings"]!.GetValue<bool>());
        Assert.False(config.ContainsKey("rope_scaling"));

        int Int(string key) => config[key]!.GetValue<int>();
    }

    [Fact]
    public void Read_EndTokens_AreThoseOfTextAndTurn()
    {
        var generation = Read(TinyLlama.Config, metadata =>
        {
            metadata.Add("tokenizer.ggml.bos_token_id", 1u);
            metadata.Add("tokenizer.ggml.eos_token_id", 2u);
            metadata.Add("tokenizer.ggml.eot_token_id", 5u);
        }).GenerationConfig;

        Assert.Equal("[2,5]", generation["eos_token_id"]!.ToJsonString());
        Assert.Equal("1", generation["bos_token_id"]!.ToJsonString());
    }

    [Fact]
    public void Read_FactorOfEarlierFiles_IsLinearScaling()
    {
        var scaling = Read(TinyLlama.Config, metadata => metadata.Add("llama.rope.scale_linear", 4f)).Config["rope_scaling"]!;

        Assert.Equal("""{"rope_type":"linear","factor":4}""", scaling.ToJsonString());
    }

    [Theory]
    [InlineData("llama.block_count", 0u)]
    [InlineData("llama.block_count", uint.MaxValue)]
    [InlineData("llama.block_count", 1000u)]
    [InlineData("llama.attention.head_count", 0u)]
    [InlineData("llama.attention.head_count_kv", 3u)]
    [InlineData("llama.expert_count", 8u)]
    public void Read_SizeThatCannotBe_IsRefusedByItsKey(string key, uint value)
    {
        using var model = TinyLlama.Create();
        var layout = new GgufLlamaExport(model.Config);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add(key, value);
        foreach (var (name, size) in Sizes.Where(size => size.Key != key))
        {
            metadata.Add(name, size);
        }

        metadata.Add("llama.attention.layer_norm_rms_epsilon", 1e-6f);
        GgufWriter.Write(_folder["model.gguf"], metadata, [.. layout.Tensors(model, GgufWeightType.F32)]);
        using var file = GgufFile.Open(_folder["model.gguf"]);

        var error = Assert.ThrowsAny<ResLoraException>(() => GgufModel.Read(file));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FewerTokensThanRows_NamesBoth()
    {
        var error = Assert.Throws<FileFormatException>(
            () => Read(TinyLlama.Config, metadata => metadata.Add("tokenizer.ggml.tokens", ["a", "b"])));

        Assert.Contains("tokenizer.ggml.tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("token_embd.weight", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<double, double, double, double, int> Llama3Scalings => new()
    {
        { 8, 4, 8192, 500000, 128 },
        { 32, 4, 8192, 500000, 64 },
        { 8, 4, 64, 20000, 16 },
        { 5, 3, 300, 10000, 32 },     // no usual numbers: found by the pairs between
        { 2, 1.01, 40, 10000, 8 },    // no pair between
    };

    [Theory]
    [MemberData(nameof(Llama3Scalings))]
    public void Read_Divisors_AreLlama3ScalingWithTheSameFrequencies(double factor, double high, double length, double theta, int headSize)
    {
        var scaling = new RopeScaling
        {
            Kind = "llama3",
            Factor = factor,
            LowFrequencyFactor = 1,
            HighFrequencyFactor = high,
            OriginalLength = length,
        };
        var config = TinyLlama.Config with
        {
            HeadCount = 1,
            ConfiguredKeyValueHeadCount = 1,
            ConfiguredHeadSize = headSize,
            LayerCount = 1,
            ConfiguredRopeScaling = scaling,
            ConfiguredRopeTheta = theta,
        };

        var found = JsonSerializer.Deserialize<RopeScaling>(Read(config).Config["rope_scaling"]!.ToJsonString())!;

        Assert.Equal("llama3", found.Kind);
        Assert.All(
            scaling.Frequencies(theta, headSize).Zip(found.Frequencies(theta, headSize)),
            pair => Assert.InRange(pair.Second / pair.First, 1 - 5e-6, 1 + 5e-6));
    }

    [Fact]
    public void Read_DivisorsOfAnotherKind_AreRefusedByTheirTensor()
    {
        var error = Assert.Throws<ConfigException>(() => Read(
            TinyLlama.Config with { ConfiguredHeadSize = 8, HeadCount = 2 },
            change: tensors => [.. tensors, new("rope_freqs.weight", [4], GgufWeightType.F32, () => tensor(_strangeDivisors))]));

        Assert.Contains("rope_freqs.weight", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, uint> Sizes { get; } = new()
    {
        ["llama.context_length"] = 64,
        ["llama.embedding_length"] = 16,
        ["llama.block_count"] = 4,
        ["llama.feed_forward_length"] = 24,
        ["llama.attention.head_count"] = 4,
        ["llama.attention.head_count_kv"] = 2,
    };

    private GgufModel Read(
        LlamaConfig config, Action<GgufMetadata>? more = null, Func<IEnumerable<GgufTensor>, IEnumerable<GgufTensor>>? change = null)
    {
        using var model = TinyLlama.Create(config);
        using var file = GgufFile.Open(TinyGguf.Write(_folder["model.gguf"], model, more: more, change: change));
        return GgufModel.Read(file);
    }
}
