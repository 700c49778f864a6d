using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Planning;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Toy;

/// <summary>A family is one folder and one line of the registry: here <see cref="ToyModel"/> and <see cref="ToyFamily"/>.</summary>
public sealed class ToyFamilyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _registration = ModelRegistry.Register(ToyFamily.Family);

    public ToyFamilyTests()
    {
        using var model = new ToyModel();
        _folder.Write("config.json", """{ "model_type": "toy" }""");
        Directory.CreateDirectory(_folder["source"]);
        File.Copy(_folder["config.json"], Path.Combine(_folder["source"], "config.json"));
        ModelWeights.Initialize(model, 0.3, seed: 3, ScalarType.Float32, CPU);
        ModelFolder.Write(model, _folder["source"], _folder["model"]);
    }

    public void Dispose()
    {
        _registration.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Load_RegisteredFamily_IsReadAdaptedAndWrittenAgain()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var loaded = Assert.IsType<ToyModel>(ModelRegistry.Load(_folder["model"]));
        using var rows = ones(2, ToyModel.Width);
        using var before = loaded.Forward(rows);
        var order = loaded.ExecutionOrder;
        var adapter = AdaptedModel.Inject(
            loaded,
            new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes(loaded.UsualTargets) },
            savedModules: loaded.HeadModules);
        foreach (var (_, parameter) in adapter.BlockParameters())
        {
            parameter.add_(0.1);
        }

        AdapterStore.Save(adapter, _folder["adapter"], _folder["model"]);
        using var again = (ToyModel)ModelRegistry.Load(_folder["model"]);
        var read = SavedAdapter.Load(again, _folder["adapter"]);

        Assert.Equal(["first", "second"], order);
        Assert.Equal(order, read.Blocks.Select(block => block.ModuleName));
        Assert.Equal(0, TinyAdapters.Distance(loaded.Forward(rows), again.Forward(rows)));
        Assert.NotEqual(0, TinyAdapters.Distance(before, again.Forward(rows)));
    }

    [Fact]
    public void Inspect_RegisteredFamily_SaysWhatTheNetworkSays()
    {
        var report = Inspector.Inspect(_folder["model"]);

        Assert.Equal([new("architecture", "toy")], report.Facts);
        Assert.Equal(["first", "second"], report.LinearLayers.Select(group => group.Suffix));
        Assert.Empty(report.Notes);
    }

    [Fact]
    public void Plan_NoAccountOfMemory_IsNotKnown()
    {
        using var model = ModelRegistry.Plan(_folder["model"]);

        var plan = RunPlan.Create(
            model, null, _data, new TrainConfig { Epochs = 1, BatchSize = 1 }, BaseMemory.Of(_folder["model"], model, null));

        Assert.Null(plan.Memory);
        Assert.True(plan.KeepsFreedMemory);
        Assert.Equal(((ToyModel.Width * 4 * ToyModel.Width) + (3 * ToyModel.Width), 1), (plan.TrainableParameters, plan.Steps));
    }

    [Fact]
    public void Plan_NoAccountOfMemoryAndALimit_IsRefusedInASentence()
    {
        using var model = ModelRegistry.Plan(_folder["model"]);
        var config = new TrainConfig { Epochs = 1, BatchSize = 1, MaxMemory = "1GB" };

        var error = Assert.Throws<ConfigException>(() => RunPlan.Create(model, null, _data, config, BaseMemory.Unmapped(model, float32)));

        Assert.Equal(
            "training.maxMemory is 1.0 GB, and what this model takes in training is not known; leave the limit out.", error.Message);
    }

    [Fact]
    public void LoadText_NetworkWithoutTokens_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadText(_folder["model"]));

        Assert.Contains("reads no text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Register_TypeThatIsTaken_IsRefused() =>
        Assert.Throws<ArgumentException>(
            () => ModelRegistry.Register(new ModelFamily { ModelTypes = ["mine", "bert"], Build = (_, _) => new ToyModel() }));

    [Fact]
    public void Register_TakenOutAgain_IsNotSupported()
    {
        _registration.Dispose();

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(_folder["model"]));

        Assert.DoesNotContain("toy", ModelRegistry.ModelTypes);
        Assert.EndsWith(
            $"model_type 'toy' is not supported (supported: {string.Join(", ", ModelRegistry.ModelTypes)}).", error.Message, StringComparison.Ordinal);
    }

    private static readonly TokenizedData _data = new([new TokenizedSample([1, 2, 3], [TokenizedSample.Masked, 2, 3])]);
}
