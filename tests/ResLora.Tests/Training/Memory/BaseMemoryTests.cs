using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tests.Support;
using ResLora.Training.Memory;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Memory;

public sealed class BaseMemoryTests
{
    // Small tables, since what is looked for are copies of the layers: 17 M numbers in 4 of them.
    private static readonly LlamaConfig _config = new()
    {
        HiddenSize = 512,
        IntermediateSize = 2048,
        LayerCount = 4,
        HeadCount = 8,
        VocabularySize = 64,
        MaxPositions = 64,
    };

    [Theory]
    [InlineData(null, 0)]
    [InlineData(ScalarType.BFloat16, 0)]
    [InlineData(ScalarType.Float32, 4)]
    public void Of_Folder_TellsConvertedWeightsFromMappedOnes(ScalarType? dtype, int ownWidth)
    {
        using var folder = Write(tied: false);
        using var model = ModelRegistry.Build(folder["model"]);
        var numbers = model.parameters().Sum(p => p.numel());
        _ = AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.AllLinear });

        var memory = BaseMemory.Of(folder["model"], model, dtype);

        Assert.Equal(numbers * ownWidth, memory.Own);
        Assert.Equal(ownWidth == 0 ? numbers * 2 : 0, memory.Mapped);
    }

    [Fact]
    public void Of_CheckpointWithMoreThanTheNetwork_CountsWhatIsRead()
    {
        using var folder = new TemporaryFolder();
        using var model = Models.TinyBert.Create("bert", ModelHead.OfOutputs(2));
        Models.TinyBert.Write(folder, model, tensors =>
        {
            // Of another head, and under the names of old: the first is not read, the second is.
            tensors["cls.predictions.transform.dense.weight"] = zeros(16, 16);
            tensors["bert.embeddings.LayerNorm.gamma"] = tensors["bert.embeddings.LayerNorm.weight"];
            tensors.Remove("bert.embeddings.LayerNorm.weight");
            return tensors;
        });

        var memory = BaseMemory.Of(folder.Path, model, ScalarType.BFloat16);

        Assert.Equal(model.parameters().Sum(p => p.numel()) * 2, memory.Own);
    }

    [Theory]
    [InlineData(false, long.MaxValue)]
    [InlineData(true, long.MaxValue)]
    [InlineData(false, 10_000_000)]
    public void Load_DtypeOfTheFiles_CopiesNothingUpToTraining(bool tied, long shardBytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says how much memory is a process' own.");
        using var folder = Write(tied, shardBytes);
        var files = Directory.EnumerateFiles(folder["model"], "*.safetensors").ToArray();
        using var watch = new PeakMemory();

        using var model = ModelRegistry.LoadCausal(folder["model"], bfloat16);
        var adapter = AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.AllLinear });
        model.train();
        var most = ProcessMemory.AnonymousBytes() - watch.Start;

        Assert.Equal(shardBytes < long.MaxValue, files.Length > 1);
        Assert.Equal(28, adapter.Blocks.Count);
        // A single layer is 8 MB; the rest is room for the garbage collector.
        var stored = files.Sum(file => new FileInfo(file).Length);
        Assert.True(most < stored / 3, $"{most} bytes more for {stored} bytes of weights");
    }

    private static TemporaryFolder Write(bool tied, long shardBytes = long.MaxValue)
    {
        var folder = new TemporaryFolder();
        var config = _config with { TieWordEmbeddings = tied };
        using var model = new LlamaModel(config);
        ModelFolder.WriteDrawn(
            model, JsonNode.Parse(Models.TinyFolders.Json(config))!.AsObject(), new Dictionary<string, byte[]>(), folder["model"], new NewWeights(0.02, 1), ScalarType.BFloat16, false, shardBytes);
        return folder;
    }
}
