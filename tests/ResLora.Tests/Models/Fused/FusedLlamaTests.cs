using ResLora.Adapters;
using ResLora.Models.Fused;
using ResLora.Models.Llama;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

/// <summary>A whole model by the kernels, against the same by libtorch.</summary>
public sealed class FusedLlamaTests : IDisposable
{
    // Three layers of roundings to bfloat16 in other places: an angle of 2.6°. A wrong term turns a gradient much further.
    private const double LeastCosine = 0.999;

    private readonly TorchSharp.DisposeScope _scope;

    public FusedLlamaTests()
    {
        KernelCheck.RequireSupport();
        _scope = NewDisposeScope();
    }

    public static TheoryData<ShortcutKind, bool> Runs =>
        new MatrixTheoryData<ShortcutKind, bool>(Enum.GetValues<ShortcutKind>(), [false, true]);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Runs))]
    public void Gradients_FusedAndEager_PointTheSameWay(ShortcutKind shortcut, bool checkpointing)
    {
        var (eagerLoss, eager) = Gradients(shortcut, bfloat16, fused: false, checkpointing);
        var (exactLoss, exact) = Gradients(shortcut, float32, fused: false, checkpointing);

        var (loss, fused) = Gradients(shortcut, bfloat16, fused: true, checkpointing);

        Assert.NotEqual(eagerLoss, loss);   // another order of roundings, else no kernel was used
        Assert.Equal(exactLoss, loss, exactLoss * KernelCheck.Rounding);
        Assert.Equal(3 * 7 * 2, fused.Count);
        Assert.All(fused, g => Assert.InRange(KernelCheck.Cosine(eager[g.Key], g.Value), LeastCosine, 1 + 1e-9));
        Assert.All(fused, g => Assert.InRange(KernelCheck.Cosine(exact[g.Key], g.Value), LeastCosine, 1 + 1e-9));
        Assert.All(fused, g => Assert.InRange(KernelCheck.Distance(exact[g.Key], g.Value), 0, Math.Sqrt(2 * (1 - LeastCosine))));
    }

    [Theory]
    [InlineData("qwen3", null)]
    [InlineData("mistral", 5)]
    public void Gradients_HeadNormsOrAWindow_PointTheSameWay(string family, int? window)
    {
        var config = FusedLlama.Config with { ModelType = family, ConfiguredSlidingWindow = window };

        var (exactLoss, exact) = Gradients(ShortcutKind.Input, float32, fused: false, checkpointing: false, config);
        var (loss, fused) = Gradients(ShortcutKind.Input, bfloat16, fused: true, checkpointing: false, config);

        Assert.Equal(exactLoss, loss, exactLoss * KernelCheck.Rounding);
        Assert.All(fused, g => Assert.InRange(KernelCheck.Cosine(exact[g.Key], g.Value), LeastCosine, 1 + 1e-9));
    }

    [Fact]
    public void Gradients_ScaledAngles_PointTheSameWay()
    {
        var config = FusedLlama.Config with { ConfiguredRopeScaling = new RopeScaling { Kind = "yarn", Factor = 4, OriginalLength = 16 } };

        var (exactLoss, exact) = Gradients(ShortcutKind.None, float32, fused: false, checkpointing: false, config);
        var (loss, fused) = Gradients(ShortcutKind.None, bfloat16, fused: true, checkpointing: false, config);

        Assert.Equal(exactLoss, loss, exactLoss * KernelCheck.Rounding);
        Assert.All(fused, g => Assert.InRange(KernelCheck.Distance(exact[g.Key], g.Value), 0, Math.Sqrt(2 * (1 - LeastCosine))));
    }

    [Fact]
    public void UsesFusedKernels_OfAModel_IsThatOfItsPartsAndOfNoOtherModel()
    {
        using var off = FusedLlama.Create(bfloat16);
        using var on = FusedLlama.Create(bfloat16);

        off.UsesFusedKernels = false;

        Assert.Equal(Enumerable.Repeat(false, 13), Parts(off));   // three layers with two norms, attention and gate each, and the last norm
        Assert.Equal(Enumerable.Repeat(true, 13), Parts(on));
    }

    [Fact]
    public void Loss_AttentionDropout_IsNotLeftOutByTheKernels()
    {
        var config = FusedLlama.Config with { AttentionDropout = 0.5 };

        var (first, _) = Gradients(ShortcutKind.None, bfloat16, fused: true, checkpointing: false, config);
        var (second, _) = Gradients(ShortcutKind.None, bfloat16, fused: true, checkpointing: false, config);

        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData("self_attn.q_proj")]
    [InlineData("self_attn.k_proj")]
    [InlineData("self_attn.v_proj")]
    [InlineData("self_attn.o_proj")]
    [InlineData("mlp.gate_proj")]
    [InlineData("mlp.up_proj")]
    [InlineData("mlp.down_proj")]
    public void Loss_NotANumberInAnActivation_IsNoNumber(string layer)
    {
        using var llama = new FusedLlama(ShortcutKind.None, bfloat16);
        llama.Adapter[$"model.layers.1.{layer}"].Site.Weight[3, 5] = float.NaN;   // one output of that layer, at every token

        Assert.True(double.IsNaN(llama.Gradients(packing: false).Loss));
        Assert.True(double.IsNaN(llama.Gradients(packing: true).Loss));
    }

    [Fact]
    public void Loss_TrainedHead_GivesItsGradientByLibtorch()
    {
        using var llama = new FusedLlama(ShortcutKind.None, bfloat16);
        var head = llama.Model.named_parameters().Single(p => p.name == "lm_head.weight").parameter;
        head.requires_grad = true;

        llama.Gradients(packing: false);

        Assert.True(head.grad!.abs().sum().to(float32).item<float>() > 0);
    }

    private static IEnumerable<bool> Parts(LlamaModel model) => model.modules().OfType<IFusedPart>().Select(part => part.UsesFusedKernels);

    private static (double Loss, Dictionary<string, Tensor> Gradients) Gradients(
        ShortcutKind shortcut, ScalarType dtype, bool fused, bool checkpointing, LlamaConfig? config = null)
    {
        using var llama = new FusedLlama(shortcut, dtype, config);
        llama.Model.UsesFusedKernels = fused;
        llama.Model.RunLayer = checkpointing ? ActivationCheckpoint.Run : null;
        return llama.Gradients(packing: false);
    }
}
