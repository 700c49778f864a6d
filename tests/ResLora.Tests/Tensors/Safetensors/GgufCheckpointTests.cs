using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training.Memory;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>A GGUF file read as the folder of its model.</summary>
public sealed class GgufCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Gguf_HasTheTensorsOfTheFolderInItsOrderOfRows()
    {
        using var model = TinyLlama.Create();
        var path = TinyGguf.Write(_folder["model.gguf"], model);

        using var checkpoint = CheckpointReader.Open(path);

        Assert.Equal(
            model.named_parameters().Select(p => p.name).Order(StringComparer.Ordinal),
            checkpoint.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(model.named_parameters(), p =>
        {
            using var stored = checkpoint.Read(p.name);
            Assert.True(stored.eq(p.parameter).all().item<bool>(), p.name);
        });
    }

    [Theory]
    [InlineData(GgufWeightType.F32, ScalarType.Float32)]
    [InlineData(GgufWeightType.BF16, ScalarType.BFloat16)]
    [InlineData(GgufWeightType.F16, ScalarType.Float16)]
    [InlineData(GgufWeightType.Q8, ScalarType.Float32)]
    public void Load_WithoutADataType_TakesThatOfMostNumbersAndFloat32ForBlocks(GgufWeightType type, ScalarType expected)
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { HiddenSize = 32, IntermediateSize = 32 });
        var path = TinyGguf.Write(_folder["model.gguf"], model, type);

        using var back = ModelRegistry.LoadCausal(path);

        Assert.Equal(expected, back.DataType);
    }

    [Fact]
    public void Of_PackedWeights_AreInMemoryAndNotInPages()
    {
        using var model = TinyLlama.Create(dtype: ScalarType.Float32);
        var path = TinyGguf.Write(_folder["model.gguf"], model);

        var memory = BaseMemory.Of(path, model, ScalarType.Float32);

        Assert.Equal(4 * model.named_parameters().Sum(p => p.parameter.numel()), memory.Own);
        Assert.Equal(0, memory.Mapped);
    }

    [Fact]
    public void ReadText_ConfigurationInsideAGguf_FollowsTheFile()
    {
        var config = Path.Combine(_folder["model.gguf"], "config.json");
        Assert.False(ModelFiles.Exists(config));

        Write(TinyLlama.Config);
        var first = InputFile.ReadText(config, 1 << 20);
        Write(TinyLlama.Config with { IntermediateSize = 32 });
        var second = InputFile.ReadText(config, 1 << 20);

        Assert.Contains("\"intermediate_size\": 24", first, StringComparison.Ordinal);
        Assert.Contains("\"intermediate_size\": 32", second, StringComparison.Ordinal);
        Assert.True(ModelFiles.IsPlace(_folder["model.gguf"]));
        Assert.False(ModelFiles.Exists(Path.Combine(_folder["model.gguf"], "vocab.txt")));
    }

    [Fact]
    public void Load_GgufThatIsNotThere_IsRefusedByItsName()
    {
        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(_folder["none.gguf"]));

        Assert.Contains("none.gguf", error.Message, StringComparison.Ordinal);
    }

    private void Write(LlamaConfig config)
    {
        using var model = TinyLlama.Create(config);
        TinyGguf.Write(_folder["model.gguf"], model);
    }
}
