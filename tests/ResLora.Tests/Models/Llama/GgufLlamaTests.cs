using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Llama;

/// <summary>The Llama family in GGUF: written, read back by the other half, and compared with what was written.</summary>
public sealed class GgufLlamaTests : IDisposable
{
    // Both compute in float32; θ, ε and the frequencies' divisors were rounded to float32 on the way.
    private const double Tolerance = 1e-5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static RopeScaling Llama3 { get; } = new() { Kind = "llama3", Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4 };

    public static TheoryData<string, LlamaConfig> Families => new()
    {
        { "tied, shared heads", TinyLlama.Config with { TieWordEmbeddings = true } },
        { "biases", TinyLlama.Config with { ConfiguredAttentionBias = true, MlpBias = true, ConfiguredRopeTheta = 500000 } },
        { "wide heads", TinyLlama.Config with { ModelType = "mistral", ConfiguredHeadSize = 6 } },
        { "linear", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "linear", Factor = 4 } } },
        { "llama3", TinyLlama.Config with { ConfiguredRopeScaling = Llama3 with { OriginalLength = 16 }, ConfiguredHeadSize = 16 } },
        { "yarn", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, OriginalLength = 16 }, ConfiguredHeadSize = 16 } },
        { "yarn of qwen2", TinyLlama.Config with { ModelType = "qwen2", ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, OriginalLength = 16 } } },
        { "dynamic", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "dynamic", Factor = 4 } } },
        { "qwen2", TinyLlama.Config with { ModelType = "qwen2", TieWordEmbeddings = true } },
        { "qwen3", TinyLlama.Config with { ModelType = "qwen3", ConfiguredHeadSize = 6 } },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Load_WhatWasWritten_GivesTheSameLogits(string name, LlamaConfig config)
    {
        using var model = Restless(config);
        using var ids = TinyLlama.Ids(2, 24);
        using var expected = TinyLlama.Logits(model, ids);

        using var back = WriteAndLoad(model);

        using var found = TinyLlama.Logits(back, ids);
        Assert.True(Distance(found, expected) < Tolerance, $"{name}: {Distance(found, expected)}");
    }

    [Theory]
    [InlineData("goldens/llama_gqa_bias_tied")]
    [InlineData("goldens/llama3_rope_scaling")]
    public void Load_GoldenModel_GivesTheSameLogits(string folder)
    {
        using var model = (LlamaModel)ModelRegistry.LoadCausal(SharedFolder.PathOrSkip(folder));
        using var ids = randint(3, model.Config.VocabularySize, [2, 100], dtype: ScalarType.Int64);
        using var expected = TinyLlama.Logits(model, ids);

        using var back = WriteAndLoad(model);

        using var found = TinyLlama.Logits(back, ids);
        Assert.True(Distance(found, expected) < Tolerance, $"{Distance(found, expected)}");
    }

    [Fact]
    public void Tensors_OfLlama_HaveQueriesAndKeysInPairs()
    {
        using var model = Restless(TinyLlama.Config with { ConfiguredAttentionBias = true });
        var parameters = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter, StringComparer.Ordinal);
        Write(model);

        using var reader = GgufFile.Open(_folder["model.gguf"]);

        foreach (var (ours, stored, heads) in new[] { ("q_proj", "attn_q", model.Config.HeadCount), ("k_proj", "attn_k", model.Config.KeyValueHeadCount), ("v_proj", "attn_v", 0) })
        {
            foreach (var kind in new[] { "weight", "bias" })
            {
                using var rows = reader.Read($"blk.1.{stored}.{kind}");
                Assert.Equal(Paired(parameters[$"model.layers.1.self_attn.{ours}.{kind}"], heads), rows.data<float>().ToArray());
            }
        }
    }

    [Fact]
    public void RestoreRows_OfOrderedRows_GivesThemBack()
    {
        var layout = new GgufLlamaExport(TinyLlama.Config);
        using var scope = NewDisposeScope();
        var rows = arange(16 * 3, float32).reshape(16, 3);

        var ordered = layout.OrderRows("model.layers.0.self_attn.q_proj", rows);

        Assert.False(ordered.eq(rows).all().item<bool>());
        Assert.True(HeadRows.Restore(ordered, TinyLlama.Config.HeadCount).eq(rows).all().item<bool>());
        Assert.True(layout.OrderRows("model.layers.0.self_attn.v_proj", rows).eq(rows).all().item<bool>());
    }

    [Fact]
    public void Tensors_UnderLlama3Scaling_HoldDivisorsFromOneToTheFactor()
    {
        using var model = Restless(TinyLlama.Config with
        {
            ConfiguredHeadSize = 16,
            ConfiguredRopeScaling = Llama3 with { OriginalLength = 64 },
        });
        Write(model);

        using var reader = GgufFile.Open(_folder["model.gguf"]);
        using var divisors = reader.Read("rope_freqs.weight");

        var found = divisors.data<float>().ToArray();
        Assert.Equal(8, found.Length);
        Assert.Equal(1, found[0]);
        Assert.Equal(8, found[^1]);
        Assert.Equal(found.Order(), found);
        Assert.DoesNotContain(reader.Metadata.Keys, key => key.Contains("scaling", StringComparison.Ordinal));
    }

    [Fact]
    public void Describe_Yarn_HasTheKeysThatLlamaCppReads()
    {
        using var model = Restless(
            TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, OriginalLength = 16 } });
        Write(model);

        using var reader = GgufFile.Open(_folder["model.gguf"]);

        Assert.Equal("yarn", reader.Require<string>("llama.rope.scaling.type"));
        Assert.Equal(4f, reader.Require<float>("llama.rope.scaling.factor"));
        Assert.Equal(16u, reader.Require<uint>("llama.rope.scaling.original_context_length"));
    }

    [Fact]
    public void Losses_OfDynamicScaling_AreNamed() =>
        Assert.Contains(
            "dynamic",
            Assert.Single(
                new GgufLlamaExport(
                    TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "dynamic", Factor = 2 } }).Losses),
            StringComparison.Ordinal);

    [Fact]
    public void Describe_HeadsOfTheirOwnWidth_SaysSo()
    {
        using var wide = Restless(TinyLlama.Config with { ConfiguredHeadSize = 6 });
        Write(wide);

        using var reader = GgufFile.Open(_folder["model.gguf"]);

        Assert.Equal(6u, reader.Require<uint>("llama.attention.key_length"));
        Assert.Equal(6u, reader.Require<uint>("llama.attention.value_length"));
        Assert.Equal(6u, reader.Require<uint>("llama.rope.dimension_count"));
        Assert.Equal(2u, reader.Require<uint>("llama.attention.head_count_kv"));
        Assert.Equal(1e-6f, reader.Require<float>("llama.attention.layer_norm_rms_epsilon"));
    }

    public static TheoryData<string, LlamaConfig> Impossible => new()
    {
        { "for the architecture llama only", TinyLlama.Config with { ModelType = "qwen2", ConfiguredRopeScaling = Llama3 } },
        { "attention_factor", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, AttentionFactor = 1.5 } } },
        { "beta_fast", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, BetaFast = 8 } } },
        { "truncate", TinyLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, Truncate = false } } },
        { "mlp_bias", TinyLlama.Config with { ModelType = "qwen3", MlpBias = true } },
        { "attention_bias", TinyLlama.Config with { ModelType = "qwen3", ConfiguredAttentionBias = true } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Constructor_WhatLlamaCppLacks_IsRefusedByName(string expected, LlamaConfig config)
    {
        var error = Assert.Throws<ConfigException>(() => new GgufLlamaExport(config));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 1)]
    [InlineData(64, 0)]
    public void Losses_OfASlidingWindow_AreNamedWhereTextsCanBeLonger(int window, int count)
    {
        var layout = new GgufLlamaExport(TinyLlama.Config with { ModelType = "mistral", ConfiguredSlidingWindow = window });

        Assert.Equal(count, layout.Losses.Count(loss => loss.Contains("sliding window", StringComparison.Ordinal)));
    }

    public static TheoryData<string, Func<IReadOnlyList<GgufTensor>, IReadOnlyList<GgufTensor>>> Misfits => new()
    {
        { "'output_norm.weight' is missing", tensors => [.. tensors.Where(t => t.Name != "output_norm.weight")] },
        { "'blk.9.attn_q.weight' belongs to no layer", tensors => [.. tensors, new("blk.9.attn_q.weight", [1], GgufWeightType.F32, () => ones(1))] },
        { "must hold 2 positive numbers", tensors => [.. tensors, new("rope_freqs.weight", [2], GgufWeightType.F32, () => arange(2, float32))] },
        { "must hold 2 positive numbers", tensors => [.. tensors, new("rope_freqs.weight", [3], GgufWeightType.F32, () => ones(3))] },
        {
            "'blk.0.ffn_up.weight' is [24, 15]; [24, 16]",
            tensors =>
                [.. tensors.Select(t => t.Name == "blk.0.ffn_up.weight" ? t with { Shape = [24, 15], Content = () => ones(24, 15) } : t)]
        },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Load_TensorsThatDoNotFit_AreNamed(string expected, Func<IReadOnlyList<GgufTensor>, IReadOnlyList<GgufTensor>> change)
    {
        using var model = Restless(TinyLlama.Config);
        Write(model, change: change);

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.LoadCausal(_folder["model.gguf"], float32));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture", "gemma", "architecture 'gemma'")]
    [InlineData("llama.rope.scaling.type", "longrope", "type 'longrope'")]
    [InlineData("general.type", "adapter", "holds a 'adapter'")]
    public void Load_WhatIsNotSupported_IsRefusedByName(string key, string value, string expected)
    {
        using var model = Restless(TinyLlama.Config);
        Write(model, key, value);

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadCausal(_folder["model.gguf"], float32));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama.attention.key_length", uint.MaxValue, "4294967295")]
    [InlineData("llama.attention.key_length", 8u, "rope.dimension_count")]
    [InlineData("llama.attention.value_length", 8u, "value_length")]
    public void Load_SizesThatCannotBe_AreRefused(string key, uint value, string expected)
    {
        using var model = Restless(TinyLlama.Config);
        var layout = new GgufLlamaExport(model.Config);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", layout.Architecture);
        metadata.Add(key, value);
        layout.Describe(metadata);
        GgufWriter.Write(_folder["model.gguf"], metadata, [.. layout.Tensors(model, GgufWeightType.F32)]);

        var error = Assert.ThrowsAny<ResLoraException>(() => ModelRegistry.LoadCausal(_folder["model.gguf"], float32));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteAndLoad_LeaveNoTensorBehind()
    {
        using var model = Restless(TinyLlama.Config);
        // Building a network leaves its empty first parameters to the finalizer; loading must add nothing to that.
        var built = LiveTensors.Growth(() => TinyLlama.Create().Dispose());

        var written = LiveTensors.Growth(() => Write(model));
        var loaded = LiveTensors.Growth(() => WriteAndLoad(model).Dispose());

        Assert.Equal(0, written);
        Assert.Equal(built, loaded);
    }

    /// <summary>A tiny model whose biases and norms have numbers of their own.</summary>
    private static LlamaModel Restless(LlamaConfig config)
    {
        var model = TinyLlama.Create(config);
        using var noGradient = no_grad();
        using var generator = new Generator(11, CPU);
        foreach (var (_, parameter) in model.named_parameters().Where(entry => entry.parameter.dim() == 1))
        {
            using var values = randn(parameter.shape, generator: generator) * 0.5;
            parameter.add_(values);
        }

        return model;
    }

    private CausalLanguageModel WriteAndLoad(LlamaModel model)
    {
        Write(model);
        return ModelRegistry.LoadCausal(_folder["model.gguf"], float32);
    }

    private void Write(
        LlamaModel model, string key = "", string value = "", Func<IReadOnlyList<GgufTensor>, IReadOnlyList<GgufTensor>>? change = null)
    {
        var layout = new GgufLlamaExport(model.Config);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", key == "general.architecture" ? value : layout.Architecture);
        if (key is not ("" or "general.architecture"))
        {
            metadata.Add(key, value);
        }

        layout.Describe(metadata);
        IReadOnlyList<GgufTensor> tensors = [.. layout.Tensors(model, GgufWeightType.F32)];
        GgufWriter.Write(_folder["model.gguf"], metadata, change?.Invoke(tensors) ?? tensors);
    }

    /// <summary>The rows in llama.cpp's order, one number after the other; 0 heads leaves them as they are.</summary>
    private static float[] Paired(Tensor rows, int heads)
    {
        var width = (int)(rows.numel() / rows.shape[0]);
        var flat = rows.data<float>().ToArray();
        var result = new float[flat.Length];
        var size = heads == 0 ? 0 : (int)rows.shape[0] / heads;
        for (var row = 0; row < rows.shape[0]; row++)
        {
            var (head, within) = heads == 0 ? (0, row) : (row / size, row % size);
            var target = heads == 0 ? row : head * size + (within < size / 2 ? 2 * within : 2 * (within - size / 2) + 1);
            Array.Copy(flat, row * width, result, target * width, width);
        }

        return result;
    }

    private static double Distance(Tensor found, Tensor expected) =>
        (found - expected).abs().max().item<float>() / expected.abs().max().item<float>();
}
