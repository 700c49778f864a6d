using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Toy;

/// <summary>A method is one file and one registration: everything else finds it by that.</summary>
public sealed class ToyMethodTests : IDisposable
{
    private readonly IDisposable _registered = AdapterMethods.Register(new ToyMethod());
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<ShortcutKind> Kinds => [.. Enum.GetValues<ShortcutKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_EveryShortcut_IsTrainedSavedReadAndMerged(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var again = TinyModel.Create();
        var adapted = AdaptedModel.Inject(model, Config(kind));
        var setup = new TrainSetup(
            new NextTokenObjective(model, 0), [.. adapted.TrainableParameters()], TinyModel.Samples(12), TinyModel.Samples(3, shortest: 5),
            new TrainConfig { Steps = 12, BatchSize = 3, LearningRate = 0.01, Threads = 1 }, _folder["run"], path =>
                AdapterStore.Save(adapted, Path.Combine(path, "adapter")))
        {
            Adapter = adapted,
        };

        var result = new Trainer(setup).Run(stop: TestContext.Current.CancellationToken);

        var loaded = AdapterStore.Load(again, Path.Combine(_folder["run"], "last", "adapter"));
        using var merged = Merger.Merge(loaded, kind is ShortcutKind.Input or ShortcutKind.Middle ? MergeMethod.Input : MergeMethod.Exact);
        Assert.True(result.Losses[^1].Loss < result.Losses[0].Loss);
        Assert.Equal("toy", loaded.Config.Method);
        Assert.All(
            loaded.BlockParameters().Zip(adapted.BlockParameters()),
            p => Assert.Equal(0, TinyAdapters.Distance(p.First.Value, p.Second.Value)));
        Assert.All(merged.Blocks, block => Assert.True(block.Update.AsLowRank()!.Value.B.abs().max().item<float>() > 0));
    }

    [Fact]
    public void Inspect_NameOfNoMethod_NamesThemAll()
    {
        var error = Assert.Throws<ConfigException>(() => _ = new AdapterConfig { Method = "tory" }.Kind);

        Assert.Contains("Did you mean 'toy'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Register_NameThatIsTaken_IsRefused() => Assert.Throws<ArgumentException>(() => AdapterMethods.Register(new ToyMethod()));

    public void Dispose()
    {
        _registered.Dispose();
        _folder.Dispose();
    }

    private static AdapterConfig Config(ShortcutKind kind) => new()
    {
        Method = "toy",
        Rank = 2,
        Targets = TargetModules.Suffixes("q_proj", "v_proj"),
        Shortcut = new ShortcutConfig { Kind = kind },
    };
}
