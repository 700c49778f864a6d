using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training;

public sealed class SavedAdapterTests
{
    public static TheoryData<string> PeftModels =>
    [
        "adalora", "bias_lora_only", "dora", "layers_to_transform", "loha", "lokr", "modules_to_save", "patterns", "regex", "roberta", "rslora",
    ];

    /// <summary>Folders that PEFT wrote, of every method and choice of modules.</summary>
    [Theory]
    [MemberData(nameof(PeftModels))]
    public void LoadAndSave_FolderOfPeft_HasEqualTensors(string name)
    {
        var golden = SharedFolder.PathOrSkip($"goldens/methods/peft_model_{name}");
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = ModelRegistry.LoadText(Path.Combine(golden, "model"), float32);

        AdapterStore.Save(SavedAdapter.Load(model, Path.Combine(golden, "adapter")), folder["again"]);

        using var expected = SafetensorsReader.Open(Path.Combine(golden, "adapter", "adapter_model.safetensors"));
        using var actual = SafetensorsReader.Open(Path.Combine(folder["again"], "adapter_model.safetensors"));
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), actual.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Entries.Keys, tensor =>
        {
            Assert.Equal(expected.Entries[tensor].Shape, actual.Entries[tensor].Shape);
            Assert.True(expected.Read(tensor).equal(actual.Read(tensor)).all().item<bool>(), tensor);
        });
    }
}
