using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using TorchSharp.Modules;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class AdaptedModelTests
{
    [Fact]
    public void Inject_FreezesEverythingButTheBlocks()
    {
        using var model = TinyLlama.Create();
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = true;
        }

        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Input));

        var trainable = model.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name).Order();
        Assert.Equal(
            adapted.Blocks.SelectMany(b => new[] { $"{b.ModuleName}.lora_A", $"{b.ModuleName}.lora_B" }).Order(),
            trainable);
        Assert.Equal(12, adapted.Blocks.Count);
        // q: 16 → 16, v: 16 → 8, down: 24 → 16, rank 3, four layers.
        Assert.Equal(4 * 3 * (16 + 16 + 16 + 8 + 24 + 16), adapted.TrainableCount);
        Assert.Equal(adapted.TrainableCount, adapted.TrainableParameters().Sum(p => p.Value.numel()));
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Inject_FreshAdapter_ChangesNothing(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var before = TinyLlama.Logits(model, ids);

        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m));
        model.BeginForward = mask => adapted.BeginPass(mask);

        Assert.Equal(0, TinyAdapters.Distance(before, TinyLlama.Logits(model, ids)));
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void ForwardBackwardMergeUnmerge_LeaveTheBaseWeightsBitForBit(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var before = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.clone());
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        model.train();

        model.Logits(model.Hidden(TinyLlama.Ids(2, 6))).square().mean().backward();
        foreach (var method in MergeMethods.For(TinyAdapters.Config(kind)))
        {
            using var merged = Merger.Merge(adapted, new MergeSettings(method), [_ => TinyLlama.Logits(model, TinyLlama.Ids(2, 6))]);
            using (merged.Apply())
            {
                TinyLlama.Logits(model, TinyLlama.Ids(2, 6));
            }
        }

        adapted.Remove();
        var after = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.All(before, b => Assert.True(b.Value.equal(after[b.Key]).all().item<bool>(), b.Key));
        Assert.All(after.Values, p => Assert.Null(p.grad));
    }

    [Fact]
    public void RemoveAndRestore_SwapWhatForwardReads()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(1, 5);
        var plain = TinyLlama.Logits(model, ids);
        var names = model.named_modules().Select(n => n.name).ToArray();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Block)).WithRandomB();
        var withAdapter = TinyLlama.Logits(model, ids);

        adapted.Remove();
        var removed = TinyLlama.Logits(model, ids);
        var namesAfter = model.named_modules().Select(n => n.name).ToArray();
        adapted.Restore();
        var restored = TinyLlama.Logits(model, ids);

        Assert.NotEqual(0, TinyAdapters.Distance(plain, withAdapter));
        Assert.Equal(0, TinyAdapters.Distance(plain, removed));
        Assert.Equal(names.Order(), namesAfter.Order());
        Assert.Equal(0, TinyAdapters.Distance(withAdapter, restored));
    }

    [Fact]
    public void Inject_SameSeed_GivesTheSameFactors()
    {
        using var first = TinyLlama.Create();
        using var second = TinyLlama.Create();
        using var third = TinyLlama.Create();

        var a = AdaptedModel.Inject(first, TinyAdapters.Config(ShortcutKind.None), seed: 3).Blocks[5].A;

        Assert.Equal(
            0, TinyAdapters.Distance(a, AdaptedModel.Inject(second, TinyAdapters.Config(ShortcutKind.Middle), seed: 3).Blocks[5].A));
        Assert.NotEqual(
            0, TinyAdapters.Distance(a, AdaptedModel.Inject(third, TinyAdapters.Config(ShortcutKind.None), seed: 4).Blocks[5].A));
    }

    [Theory]
    [InlineData(0, new[] { 0, 0, 0, 0 })]
    [InlineData(1, new[] { 0, 1, 1, 1 })]
    [InlineData(2, new[] { 0, 1, 2, 2 })]
    [InlineData(9, new[] { 0, 1, 2, 3 })]
    [InlineData(ShortcutConfig.AllPrevious, new[] { 0, 1, 2, 3 })]
    public void Inject_PreviousBlocks_AreTheNearestFirst(int m, int[] counts)
    {
        using var model = TinyLlama.Create();

        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Block, m));

        for (var n = 0; n < 4; n++)
        {
            var previous = adapted[$"model.layers.{n}.self_attn.v_proj"].Previous;
            Assert.Equal(
                Enumerable.Range(1, counts[n]).Select(k => $"model.layers.{n - k}.self_attn.v_proj"), previous.Select(p => p.ModuleName));
        }
    }

    [Theory]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Inject_NoPreviousBlocks_ComputesWhatPlainLoraDoes(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var plain = TinyLlama.Create();
        using var shortcut = TinyLlama.Create();
        AdaptedModel.Inject(plain, TinyAdapters.Config(ShortcutKind.None), seed: 3).WithRandomB();
        shortcut.BeginForward = AdaptedModel.Inject(shortcut, TinyAdapters.Config(kind, 0), seed: 3).WithRandomB().BeginPass;

        var (expected, actual) = (TinyLlama.Logits(plain, TinyLlama.Ids(2, 6)), TinyLlama.Logits(shortcut, TinyLlama.Ids(2, 6)));

        // Other products in another order: float32 rounding only.
        Assert.Equal(0, TinyAdapters.Distance(expected, actual), 1e-5);
    }

    [Fact]
    public void Inject_ALayerLeftOut_BreaksItsChains()
    {
        using var model = TinyLlama.Create();
        var config =
            TinyAdapters.Config(ShortcutKind.Input) with
            {
                Targets = TargetModules.Suffixes("v_proj"),
                Exclude = TargetModules.Suffixes(
                    "layers.1.self_attn.v_proj")
            };

        var adapted = AdaptedModel.Inject(model, config);

        Assert.Equal([1, 2], adapted.Chains.Select(c => c.Blocks.Count));
        Assert.Single(adapted.Breaks);
    }

    [Fact]
    public void Inject_Problems_AreThrownBeforeAnythingChanges()
    {
        using var model = TinyLlama.Create();
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = true;
        }

        Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, new AdapterConfig { Rank = 0 }));
        Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, new AdapterConfig { Targets = TargetModules.Suffixes("nothing") }));
        Assert.Contains(
            "adapter.targets is missing",
            Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, new AdapterConfig())).Message,
            StringComparison.Ordinal);

        Assert.All(model.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Inject_FieldOfTypeLinear_NamesTheFieldAndLeavesTheModelAsItWas()
    {
        using var model = new TwoLayers();

        var error = Assert.Throws<ConfigException>(
            () => AdaptedModel.Inject(model, new AdapterConfig { Targets = TargetModules.Suffixes("open", "closed") }));

        Assert.Contains("'closed'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Module<Tensor, Tensor>", error.Message, StringComparison.Ordinal);
        Assert.Equal(["closed", "open"], model.named_modules().Select(m => m.name).Where(n => n.Length > 0).Order());
        using var x = ones(1, 4);
        Assert.Equal([1, 4], model.call(x).shape);
    }

    [Fact]
    public void Dropout_ActsInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Middle, dropout: 0.5)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);

        Tensor first = TinyLlama.Logits(model, ids), second = TinyLlama.Logits(model, ids);
        model.train();
        Tensor trained = TinyLlama.Logits(model, ids), trainedAgain = TinyLlama.Logits(model, ids);
        model.eval();
        var again = TinyLlama.Logits(model, ids);

        Assert.Equal(0, TinyAdapters.Distance(first, second));
        Assert.Equal(0, TinyAdapters.Distance(first, again));
        Assert.NotEqual(0, TinyAdapters.Distance(first, trained));
        Assert.NotEqual(0, TinyAdapters.Distance(trained, trainedAgain));
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Training_BFloat16Base_KeepsFloat32Gradients(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(dtype: ScalarType.BFloat16);
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        model.train();

        var logits = model.Logits(model.Hidden(TinyLlama.Ids(2, 6)));
        logits.to(float32).square().mean().backward();

        Assert.Equal(bfloat16, logits.dtype);
        Assert.All(adapted.TrainableParameters(), p =>
        {
            Assert.Equal(float32, p.Value.dtype);
            Assert.Equal(float32, p.Value.grad!.dtype);
            Assert.True(p.Value.grad!.abs().max().item<float>() > 0, p.Key);
        });
    }

    [Fact]
    public void Inject_OnTheMetaDevice_PlansWithoutWeights()
    {
        using var model = new LlamaModel(TinyLlama.Config);

        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Input));

        Assert.Equal(12, adapted.Blocks.Count);
        Assert.Equal(3, adapted.Chains.Count);
    }

    private sealed class TwoLayers : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "open")] private readonly nn.Module<Tensor, Tensor> _open = nn.Linear(4, 4);
        [ComponentName(Name = "closed")] private readonly Linear _closed = nn.Linear(4, 4);

        public TwoLayers() : base(nameof(TwoLayers)) => RegisterComponents();

        public override Tensor forward(Tensor input) => _closed.call(_open.call(input));
    }
}
