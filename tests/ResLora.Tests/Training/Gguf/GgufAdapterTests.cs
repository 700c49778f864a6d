using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training.Gguf;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Gguf;

public sealed class GgufAdapterTests : IDisposable
{
    // float32 on both sides, in another order of sums.
    private const double Tolerance = 1e-5;

    private const int Rank = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<LlamaConfig> Families =>
    [
        TinyLlama.Config with { ConfiguredAttentionBias = true },
        TinyLlama.Config with { ModelType = "mistral", ConfiguredHeadSize = 6 },
        TinyLlama.Config with { ModelType = "qwen3", ConfiguredHeadSize = 6 },
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void AddToModel_OnTheBaseInGguf_GivesTheMergedModelsLogits(LlamaConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(config);
        var folder = TinyFolders.Write(_folder, model);
        using var back = WriteAndLoad(model);
        var blocks = Blocks(model);
        GgufAdapterWriter.Write(_folder["adapter.gguf"], folder, blocks, GgufWeightType.F32);
        var ids = TinyLlama.Ids(2, 12);
        var plain = TinyLlama.Logits(back, ids);
        Merge(model, blocks);

        using var adapter = GgufAdapterReader.Read(_folder["adapter.gguf"], back);
        adapter.AddToModel();

        var expected = TinyLlama.Logits(model, ids);
        Assert.Equal(blocks.Select(block => block.Module), adapter.Blocks.Select(block => block.Module));
        Assert.All(adapter.Blocks.Zip(blocks), pair =>
        {
            Assert.Equal(1, pair.First.Scale);
            Assert.True(pair.First.A.eq(pair.Second.A).all().item<bool>());
            Assert.True(pair.First.B.eq(pair.Second.B).all().item<bool>());
        });
        Assert.True(GgufModelTests.Distance(TinyLlama.Logits(back, ids), expected) < Tolerance);
        Assert.True(GgufModelTests.Distance(plain, expected) > 100 * Tolerance);
    }

    [Fact]
    public void Write_AnAdapter_NamesAndShapesAreLlamaCpps()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        GgufAdapterWriter.Write(
            _folder["adapter.gguf"],
            TinyFolders.Write(_folder, model),
            [Blocks(model).First(block => block.Module == "model.layers.0.self_attn.q_proj")],
            GgufWeightType.F16);

        using var reader = GgufFile.Open(_folder["adapter.gguf"]);

        Assert.Equal("adapter", reader.Require<string>("general.type"));
        Assert.Equal("llama", reader.Require<string>("general.architecture"));
        Assert.Equal("lora", reader.Require<string>("adapter.type"));
        Assert.Equal(3f, reader.Require<float>("adapter.lora.alpha"));
        Assert.Equal([Rank, 16], reader.Entries["blk.0.attn_q.weight.lora_a"].Shape);
        Assert.Equal([16, Rank], reader.Entries["blk.0.attn_q.weight.lora_b"].Shape);
        Assert.Equal("F16", reader.Entries["blk.0.attn_q.weight.lora_b"].TypeName);
        Assert.Equal(2, reader.Entries.Count);
    }

    [Theory]
    [InlineData("lm_head", true, "tied")]
    [InlineData("model.embed_tokens", false, "embed_tokens")]
    [InlineData("model.layers.0.self_attn.qkv_proj", false, "qkv_proj")]
    [InlineData("model.layers.x.self_attn.q_proj", false, "no place")]
    public void Write_ModuleWithoutAPlace_IsRefusedByName(string module, bool tied, string expected)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = tied });
        var folder = TinyFolders.Write(_folder, model);

        var error = Assert.Throws<ConfigException>(() =>
            GgufAdapterWriter.Write(_folder["adapter.gguf"], folder, [(module, ones(Rank, 16), ones(16, Rank))], GgufWeightType.F32));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["adapter.gguf"]));
    }

    [Fact]
    public void Write_BlocksOfSeveralRanksOrNone_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var folder = TinyFolders.Write(_folder, model);
        var first = ("model.layers.0.self_attn.q_proj", ones(3, 16), ones(16, 3));
        var second = ("model.layers.1.self_attn.q_proj", ones(2, 16), ones(16, 2));

        Assert.Throws<ShapeException>(() => GgufAdapterWriter.Write(_folder["adapter.gguf"], folder, [first, second], GgufWeightType.F32));
        Assert.Throws<ConfigException>(() => GgufAdapterWriter.Write(_folder["adapter.gguf"], folder, [], GgufWeightType.F32));
    }

    public static TheoryData<string, string, string, string[]> Misfits => new()
    {
        { "'model'", "general.type", "model", ["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"] },
        { "'ia3'", "adapter.type", "ia3", ["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"] },
        { "architecture 'qwen2'", "general.architecture", "qwen2", ["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"] },
        { "and nothing", "", "", ["blk.0.attn_q.weight.lora_a"] },
        { "0 of them are pairs", "", "", ["blk.9.attn_q.weight.lora_a", "blk.9.attn_q.weight.lora_b"] },
        { "must be [R, 16] and [8, R]", "", "", ["blk.0.attn_k.weight.lora_a", "blk.0.attn_k.weight.lora_b"] },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Read_WhatDoesNotFitTheModel_IsRefused(string expected, string key, string value, string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var texts =
            new Dictionary<string, string> { ["general.architecture"] = "llama", ["general.type"] = "adapter", ["adapter.type"] = "lora" };
        if (key.Length > 0)
        {
            texts[key] = value;
        }

        var metadata = new GgufMetadata();
        foreach (var (name, text) in texts)
        {
            metadata.Add(name, text);
        }

        GgufWriter.Write(_folder["adapter.gguf"], metadata, [.. names.Select(name => name.EndsWith('a')
            ? new GgufTensor(name, [Rank, 16], GgufWeightType.F32, () => ones(Rank, 16))
            : new GgufTensor(name, [16, Rank], GgufWeightType.F32, () => ones(16, Rank)))]);
        using var model = TinyLlama.Create();

        var error = Assert.ThrowsAny<ResLoraException>(() => GgufAdapterReader.Read(_folder["adapter.gguf"], model));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteAndRead_FamilyThatGgufDoesNotHold_AreRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("bert");
        var folder = TinyBert.Write(_folder, model);

        var written = Assert.Throws<ConfigException>(() => GgufAdapterWriter.Write(
            _folder["adapter.gguf"], folder, [("bert.pooler.dense", ones(Rank, 16), ones(16, Rank))], GgufWeightType.F32));
        var read = Assert.Throws<ConfigException>(() => GgufAdapterReader.Read(_folder["adapter.gguf"], model));

        Assert.Equal("GGUF cannot be written for BertModel; it can for llama, mistral, qwen2, qwen3.", written.Message);
        Assert.EndsWith("cannot be read for BertModel.", read.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WithAnAlpha_ScalesByAlphaOverRank()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("general.type", "adapter");
        metadata.Add("adapter.type", "lora");
        metadata.Add("adapter.lora.alpha", 6f);
        GgufWriter.Write(_folder["adapter.gguf"], metadata,
        [
            new("output.weight.lora_a", [Rank, 16], GgufWeightType.F32, () => ones(Rank, 16)),
            new("output.weight.lora_b", [TinyLlama.VocabularySize, Rank], GgufWeightType.F32, () => ones(TinyLlama.VocabularySize, Rank)),
        ]);
        using var model = TinyLlama.Create();

        using var adapter = GgufAdapterReader.Read(_folder["adapter.gguf"], model);

        Assert.Equal("lm_head", adapter.Blocks.Single().Module);
        Assert.Equal(2, adapter.Blocks.Single().Scale);
    }

    private CausalLanguageModel WriteAndLoad(LlamaModel model)
    {
        var layout = new GgufLlamaExport(model.Config);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", layout.Architecture);
        layout.Describe(metadata);
        GgufWriter.Write(_folder["model.gguf"], metadata, [.. layout.Tensors(model, GgufWeightType.F32)]);
        return ModelRegistry.LoadCausal(_folder["model.gguf"], float32);
    }

    private static List<(string Module, Tensor A, Tensor B)> Blocks(LlamaModel model)
    {
        using var generator = new Generator(9, CPU);
        return [.. model.named_modules().Where(entry => entry.module is Linear).Select(entry =>
        {
            var shape = ((Linear)entry.module).weight!.shape;
            return (entry.name, randn([Rank, shape[1]], generator: generator), randn([shape[0], Rank], generator: generator) * 0.1);
        })];
    }

    private static void Merge(LlamaModel model, List<(string Module, Tensor A, Tensor B)> blocks)
    {
        using var noGradient = no_grad();
        var linears =
            model.named_modules().Where(entry => entry.module is Linear).ToDictionary(entry => entry.name, entry => (Linear)entry.module);
        blocks.ForEach(block => linears[block.Module].weight!.add_(block.B.matmul(block.A)));
    }
}
