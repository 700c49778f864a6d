using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Modules that are trained whole beside the blocks: the head of an encoder.</summary>
public sealed class SavedModulesTests
{
    [Fact]
    public void Inject_SavedModule_IsTrainedWholeAndGetsNoBlock()
    {
        using var model = TinyBert.Create("roberta");

        var adapted =
            AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.AllLinear }, savedModules: ["classifier"]);

        Assert.DoesNotContain(adapted.Blocks, block => block.ModuleName.StartsWith("classifier", StringComparison.Ordinal));
        Assert.DoesNotContain("classifier.dense", adapted.LayerNames);
        Assert.Equal(
            ["classifier.dense.bias", "classifier.dense.weight", "classifier.out_proj.bias", "classifier.out_proj.weight"],
            adapted.SavedParameters().Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.All(adapted.TrainableParameters(), p => Assert.True(p.Value.requires_grad));
        Assert.Equal(
            adapted.TrainableParameters().Sum(p => p.Value.numel()), model.parameters().Where(p => p.requires_grad).Sum(p => p.numel()));
        Assert.Equal(adapted.TrainableCount, adapted.BlockParameters().Sum(p => p.Value.numel()) + (16 * 16) + 16 + (2 * 16) + 2);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Middle)]
    public void SaveAndLoad_SavedModule_ComesBack(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("bert");
        using var fresh = TinyBert.Create("bert");
        var adapted = AdaptedModel.Inject(model, Config(kind), savedModules: ["classifier"]).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        using (no_grad())
        {
            adapted.SavedParameters().First().Value.add_(1);
        }

        AdapterStore.Save(adapted, folder["adapter"]);
        var loaded = AdapterStore.Load(fresh, folder["adapter"], ["classifier"]);
        fresh.BeginForward = mask => loaded.BeginPass(mask);

        var ids = TinyBert.Ids(2, 6);
        Assert.Equal(["classifier"], loaded.SavedModules);
        Assert.Equal(0, TinyAdapters.Distance(TinyBert.Predict(model, ids), TinyBert.Predict(fresh, ids)));
    }

    [Fact]
    public void Load_SavedModuleThatTheModelHasNot_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyBert.Create("bert");
        using var other = TinyBert.Create("bert", ModelHead.MaskedTokens);
        AdapterStore.Save(AdaptedModel.Inject(model, Config(ShortcutKind.Input), savedModules: ["classifier"]), folder["adapter"]);

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Load(other, folder["adapter"]));

        Assert.Contains("modules_to_save classifier", error.Message, StringComparison.Ordinal);
    }

    private static AdapterConfig Config(ShortcutKind kind) => new()
    {
        Rank = 2,
        Targets = TargetModules.Suffixes("query", "value"),
        Shortcut = new ShortcutConfig { Kind = kind },
    };
}
