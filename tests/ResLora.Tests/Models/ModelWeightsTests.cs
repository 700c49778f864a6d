using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class ModelWeightsTests
{
    [Fact]
    public void Load_MissingSuperfluousAndMisshapen_AreAllNamed()
    {
        using var folder = new TemporaryFolder();
        WriteWeights(folder, weights =>
        {
            weights.Remove("model.layers.2.mlp.up_proj.weight");
            weights["model.layers.2.mlp.up_prj.weight"] = zeros(24, 16);
            weights["model.norm.weight"] = ones(17);
        });

        var error = Assert.Throws<FileFormatException>(() => Load(folder));

        Assert.Contains("'model.layers.2.mlp.up_proj.weight' is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'model.layers.2.mlp.up_prj.weight'?", error.Message, StringComparison.Ordinal);
        Assert.Contains("'model.layers.2.mlp.up_prj.weight' belongs to no layer", error.Message, StringComparison.Ordinal);
        Assert.Contains("'model.norm.weight' is [17], the configuration says [16]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RotaryFrequenciesAndIgnoredNames_AreNoProblem()
    {
        using var folder = new TemporaryFolder();
        WriteWeights(folder, weights =>
        {
            weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = ones(2);
            weights["extra"] = ones(2);
        });
        using var model = new LlamaModel(TinyLlama.Config);
        using var checkpoint = CheckpointReader.Open(folder.Path);

        ModelWeights.Load(model, checkpoint, null, CPU, "extra");

        Assert.All(model.parameters(), p => Assert.False(p.requires_grad));
    }

    [Fact]
    public void Load_SameDtype_IsAViewOfTheFileUntilSomebodyConverts()
    {
        using var folder = new TemporaryFolder();
        WriteWeights(folder, _ => { });
        using var scope = NewDisposeScope();
        using var checkpoint = CheckpointReader.Open(folder.Path);
        using LlamaModel mapped = new(TinyLlama.Config), converted = new(TinyLlama.Config);

        ModelWeights.Load(mapped, checkpoint, null, CPU);
        ModelWeights.Load(converted, checkpoint, ScalarType.BFloat16, CPU);

        // The same address as another reading of the same pages: nothing was copied.
        Assert.All(mapped.named_parameters(), p => Assert.True(SameMemory(checkpoint.Read(p.name), p.parameter), p.name));
        Assert.All(converted.parameters(), p => Assert.Equal(bfloat16, p.dtype));
    }

    [Fact]
    public void Load_CheckpointClosed_WeightsStayReadable()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        WriteWeights(folder, _ => { });
        using var original = TinyLlama.Create();
        using var model = Load(folder);

        Assert.Equal(
            0, TinyAdapters.Distance(TinyLlama.Logits(original, TinyLlama.Ids(1, 5)), TinyLlama.Logits(model, TinyLlama.Ids(1, 5))));
    }

    [Fact]
    public void Load_MixedDtypes_ComputesInThatOfMostNumbers()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        WriteWeights(folder, weights =>
        {
            foreach (var name in weights.Keys.Where(n => !n.Contains("norm", StringComparison.Ordinal)).ToArray())
            {
                weights[name] = weights[name].to(bfloat16);
            }
        });

        using var model = Load(folder);

        Assert.All(model.parameters(), p => Assert.Equal(bfloat16, p.dtype));
        Assert.Equal(bfloat16, TinyLlama.Logits(model, TinyLlama.Ids(1, 3)).dtype);
    }

    [Fact]
    public void Load_WholeNumbers_AreNotWeights()
    {
        using var folder = new TemporaryFolder();
        WriteWeights(folder, weights => weights["model.norm.weight"] = ones(16, dtype: int64));

        var error = Assert.Throws<FileFormatException>(() => Load(folder));

        Assert.Contains("'model.norm.weight' holds Int64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Initialize_SameSeed_GivesTheSameModel()
    {
        using var scope = NewDisposeScope();
        using LlamaModel first = new(TinyLlama.Config), second = new(TinyLlama.Config), third = new(TinyLlama.Config);

        ModelWeights.Initialize(first, 0.02, seed: 7, ScalarType.Float32, CPU);
        ModelWeights.Initialize(second, 0.02, seed: 7, ScalarType.Float32, CPU);
        ModelWeights.Initialize(third, 0.02, seed: 8, ScalarType.Float32, CPU);

        Tensor Weight(LlamaModel model) => model.named_parameters().First(p => p.name == "model.embed_tokens.weight").parameter;
        Assert.Equal(0, TinyAdapters.Distance(Weight(first), Weight(second)));
        Assert.NotEqual(0, TinyAdapters.Distance(Weight(first), Weight(third)));
        Assert.Equal(0.02, Weight(first).std().item<float>(), 0.004);
        Assert.All(first.parameters(), p => Assert.True(p.requires_grad));
        Assert.All(
            first.named_parameters().Where(p => p.name.Contains("norm", StringComparison.Ordinal)),
            p => Assert.Equal(1, p.parameter.min().item<float>()));
    }

    [Fact]
    public void Load_ConvolutionAndGroupNorm_AreRead()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var drawn = Picture();
        ModelWeights.Initialize(drawn, 0.5, seed: 2, ScalarType.Float32, CPU);
        SafetensorsWriter.Write(folder["model.safetensors"], drawn.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter));
        using var read = Picture();
        using var checkpoint = CheckpointReader.Open(folder.Path);

        ModelWeights.Load(read, checkpoint, null, CPU);

        using var pixels = arange(2 * 3 * 5 * 5, dtype: float32).reshape(2, 3, 5, 5) / 50;
        using var expected = drawn.call(pixels);
        Assert.Equal(0, TinyAdapters.Distance(expected, read.call(pixels)));
        Assert.NotEqual(0, expected.std().item<float>());
    }

    [Fact]
    public void Load_BufferOnTheMetaDevice_IsNamed()
    {
        using var model = Picture();
        model.named_children().First().module.register_buffer("positions", empty(4, device: META));

        var error = Assert.Throws<InvalidOperationException>(() => ModelWeights.Initialize(model, 0.5, seed: 2, ScalarType.Float32, CPU));

        Assert.Contains("'patches.positions' of Sequential has no values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_KindOfLayerThatNobodySets_IsNamed()
    {
        using var folder = new TemporaryFolder();
        using var model = nn.Sequential(("scores", nn.PReLU(3)));
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(
                folder["model.safetensors"], model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter));
        }

        using var checkpoint = CheckpointReader.Open(folder.Path);

        var error = Assert.Throws<InvalidOperationException>(() => ModelWeights.Load(model, checkpoint, null, CPU));

        Assert.Contains("'scores.weight' of Sequential belongs to a kind of layer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadCausal_TiedHeadStoredASecondTime_IsIgnored()
    {
        using var folder = new TemporaryFolder();
        var config = TinyLlama.Config with { TieWordEmbeddings = true };
        WriteWeights(folder, weights => weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone(), config);
        folder.Write("config.json", TinyFolders.Json(config));

        using var model = ModelRegistry.LoadCausal(folder.Path);

        Assert.False(model.training);
        Assert.DoesNotContain(model.named_parameters(), p => p.name == "lm_head.weight");
    }

    [Theory]
    [InlineData("""{ "model_type": "gpt2" }""", "model_type 'gpt2' is not supported (supported: llama, mistral, qwen2, qwen3, bert, roberta, vit, deit,")]
    [InlineData("""{ "hidden_size": 16 }""", "there is no \"model_type\"")]
    [InlineData("[]", "there is no \"model_type\"")]
    [InlineData("{", "not valid JSON")]
    public void BuildCausal_ConfigThatIsNone_SaysWhy(string json, string part)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", json);

        var error = Assert.ThrowsAny<ResLoraException>(() => ModelRegistry.BuildCausal(folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BuildCausal_MissingFolder_SaysSo()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.BuildCausal(folder["nowhere"]));

        Assert.Contains("no such folder", error.Message, StringComparison.Ordinal);
    }

    private static Sequential Picture() => nn.Sequential(
        ("patches", nn.Conv2d(3, 4, kernel_size: 2, device: META)), ("norm", nn.GroupNorm(2, 4, device: META)));

    private static void WriteWeights(TemporaryFolder folder, Action<Dictionary<string, Tensor>> change, LlamaConfig? config = null)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(config);
        var weights = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        change(weights);
        SafetensorsWriter.Write(folder["model.safetensors"], weights);
    }

    private static LlamaModel Load(TemporaryFolder folder)
    {
        var model = new LlamaModel(TinyLlama.Config);
        using var checkpoint = CheckpointReader.Open(folder.Path);
        ModelWeights.Load(model, checkpoint, null, CPU);
        return model;
    }

    private static bool SameMemory(Tensor a, Tensor b) =>
        Unsafe.AreSame(ref MemoryMarshal.GetReference(a.bytes), ref MemoryMarshal.GetReference(b.bytes));
}
