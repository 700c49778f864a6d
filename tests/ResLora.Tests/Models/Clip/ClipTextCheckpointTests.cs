using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Clip;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Clip;

public sealed class ClipTextCheckpointTests
{
    private const double Tolerance = 1e-6;   // tensors of a mapped file are aligned otherwise, and kernels round otherwise

    [Theory]
    [InlineData("text_model.")]
    [InlineData("")]
    public void Load_NamesOfEitherKind_GivesTheSame(string prefix)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();
        TinyClip.Write(folder, model, tensors => tensors.ToDictionary(t => prefix + Bare(t.Key), t => t.Value));

        using var loaded = (ClipTextModel)ModelRegistry.Load(folder.Path);

        Assert.Equal(0, TinyAdapters.Distance(TinyClip.Hidden(model), TinyClip.Hidden(loaded)), Tolerance);
        Assert.Equal(model.Config.HiddenSize, loaded.Config.HiddenSize);
    }

    [Theory]
    [InlineData("text_model.embeddings.position_ids")]
    [InlineData("embeddings.position_ids")]
    [InlineData("text_projection.weight")]
    public void Load_TensorsThatAreOfNoUse_AreIgnored(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();

        // In another order than the network counts: what is ignored changes nothing.
        TinyClip.Write(folder, model, tensors => new(tensors) { [name] = arange(6, 0, -1, int64) });

        using var loaded = (ClipTextModel)ModelRegistry.Load(folder.Path);

        Assert.Equal(0, TinyAdapters.Distance(TinyClip.Hidden(model), TinyClip.Hidden(loaded)), Tolerance);
    }

    [Theory]
    [InlineData("vision_model.embeddings.class_embedding")]
    [InlineData("text_model.encoder.layers.3.layer_norm1.weight")]
    public void Load_TensorThatTheNetworkLacks_IsNamed(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();
        TinyClip.Write(folder, model, tensors => new(tensors) { [name] = ones(8) });

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(folder.Path));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadText_ATextEncoder_IsRefusedForWhatItIs()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();
        TinyClip.Write(folder, model);

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadText(folder.Path));

        Assert.Contains("the text encoder of a text-to-image model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TensorThatIsMissing_IsNamed()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();
        TinyClip.Write(
            folder, model, tensors => tensors.Where(t => !t.Key.EndsWith("1.mlp.fc2.bias", StringComparison.Ordinal)).ToDictionary());

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(folder.Path));

        Assert.Contains("'text_model.encoder.layers.1.mlp.fc2.bias' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ThenLoad_KeepsEveryNumberUnderPublishedNames()
    {
        using var scope = NewDisposeScope();
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        using var model = TinyClip.Create();
        TinyClip.Write(source, model, tensors => tensors.ToDictionary(t => Bare(t.Key), t => t.Value));
        using var read = (ClipTextModel)ModelRegistry.Load(source.Path);

        ModelFolder.Write(read, source.Path, target["model"]);

        using var file = SafetensorsReader.Open(Path.Combine(target["model"], "model.safetensors"));
        using var again = (ClipTextModel)ModelRegistry.Load(target["model"]);
        Assert.All(file.Entries.Keys, name => Assert.StartsWith("text_model.", name, StringComparison.Ordinal));
        Assert.Equal(0, TinyAdapters.Distance(TinyClip.Hidden(model), TinyClip.Hidden(again)), Tolerance);
    }

    [Theory]
    [InlineData("text_model.")]
    [InlineData("")]
    public void Load_AdaptersOfPeft_AreReadUnderBothNames(string prefix)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyClip.Create();
        using var other = TinyClip.Create();
        var config = new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes(model.UsualTargets) };
        var adapted = AdaptedModel.Inject(model, config).WithRandomB();
        AdapterStore.Save(adapted, folder["adapter"]);
        var file = Path.Combine(folder["adapter"], "adapter_model.safetensors");
        Rename(file, name => name.Replace("base_model.model.", "base_model.model." + prefix, StringComparison.Ordinal));

        AdapterStore.Load(other, folder["adapter"]);

        Assert.Equal(0, TinyAdapters.Distance(TinyClip.Hidden(model), TinyClip.Hidden(other)), Tolerance);
    }

    private static string Bare(string name) => name["text_model.".Length..];

    private static void Rename(string path, Func<string, string> rename)
    {
        Dictionary<string, Tensor> tensors;
        using (var file = SafetensorsReader.Open(path))
        {
            Assert.All(file.Entries.Keys, name => Assert.StartsWith("base_model.model.encoder.layers.", name, StringComparison.Ordinal));
            tensors = file.Entries.Keys.ToDictionary(rename, name => file.Read(name).clone());
        }

        SafetensorsWriter.Write(path, tensors);
    }
}
