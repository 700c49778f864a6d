using System.Runtime;
using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class NetworkTests
{
    [Fact]
    public void Forward_WhereMuchWasAllocatedInAPause_BeginsWithACollection()
    {
        const int room = 8 << 20;
        using var model = TinyLlama.Create(TinyLlama.Config);
        using var ids = TinyLlama.Ids(1, 4);
        using var pause = new CollectionPause(room);
        Assert.SkipUnless(pause.IsOwn, "this process cannot hold its collector back now");
        GC.KeepAlive(new byte[room / 4 * 3]);
        var before = GC.CollectionCount(2);

        TinyLlama.Logits(model, ids).Dispose();

        Assert.True(GC.CollectionCount(2) > before);
        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ExecutionOrder_Llama_IsTheOrderOfCalls(bool isTied)
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = isTied });
        using var ids = TinyLlama.Ids(1, 4);

        var called = Called(model, () => TinyLlama.Logits(model, ids));

        Assert.Equal((4 * 7) + (isTied ? 1 : 2), called.Count);
        Assert.Equal(called, model.ExecutionOrder);
    }

    [Theory]
    [InlineData("bert", ModelHeadKind.Labels)]
    [InlineData("bert", ModelHeadKind.MaskedTokens)]
    [InlineData("roberta", ModelHeadKind.Labels)]
    [InlineData("roberta", ModelHeadKind.MaskedTokens)]
    public void ExecutionOrder_Bert_IsTheOrderOfCalls(string family, ModelHeadKind kind)
    {
        using var model = TinyBert.Create(family, kind == ModelHeadKind.MaskedTokens ? ModelHead.MaskedTokens : ModelHead.OfOutputs(3));
        using var ids = TinyBert.Ids(1, 4);

        var called = Called(model, () => TinyBert.Predict(model, ids));

        // The head beside the layers' own: pooler and classifier, dense and out_proj, or the transform of masked tokens.
        Assert.Equal(3 + (3 * 6) + (kind == ModelHeadKind.MaskedTokens ? 1 : 2), called.Count);
        Assert.Equal(called, model.ExecutionOrder);
    }

    [Fact]
    public void ExecutionOrder_Vit_IsTheOrderOfCalls()
    {
        using var model = TinyVit.Create();

        var called = Called(model, () => TinyVit.Predict(model));

        Assert.Equal(1 + (3 * 6) + 1, called.Count);
        Assert.Equal(called, model.ExecutionOrder);
    }

    [Fact]
    public void ExecutionOrder_AfterBlocksWereOn_IsAsBefore()
    {
        using var model = TinyLlama.Create();
        var before = model.ExecutionOrder;
        var config = new AdapterConfig { Targets = TargetModules.Suffixes("q_proj") };

        AdaptedModel.Inject(model, config).Remove();

        // The layers that were replaced stand behind their siblings now.
        Assert.NotEqual(before, model.named_modules().Where(m => before.Contains(m.name)).Select(m => m.name));
        Assert.Equal(before, model.ExecutionOrder);
    }

    [Fact]
    public void ExecutionOrder_FirstAskedWithBlocksOn_IsRefused()
    {
        using var model = TinyLlama.Create();
        model.named_modules().First(m => m.name == "model.layers.0.mlp").module.register_module("base_layer", nn.Linear(1, 1));

        var error = Assert.Throws<InvalidOperationException>(() => model.ExecutionOrder);

        Assert.Contains("'model.layers.0.mlp'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExecutionOrder_HeadBecomesItsOwn_EndsWithIt()
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = true });
        Assert.DoesNotContain("lm_head", model.ExecutionOrder);

        model.GiveOwnHead();

        using var ids = TinyLlama.Ids(1, 4);
        Assert.Equal(Called(model, () => TinyLlama.Logits(model, ids)), model.ExecutionOrder);
    }

    /// <summary>
    /// The names of the layers that turn one tensor into one and hold a matrix or a kernel, in the order of their first calls.
    /// </summary>
    private static List<string> Called(nn.Module model, Func<Tensor> run)
    {
        var called = new List<string>();
        foreach (var (name, module) in model.named_modules())
        {
            if (module is nn.Module<Tensor, Tensor> layer && layer.named_parameters(recurse: false).Any(p => p.parameter.dim() >= 2))
            {
                layer.register_forward_hook((_, _, output) =>
                {
                    if (!called.Contains(name))
                    {
                        called.Add(name);
                    }

                    return output;
                });
            }
        }

        using var output = run();
        return called;
    }
}
