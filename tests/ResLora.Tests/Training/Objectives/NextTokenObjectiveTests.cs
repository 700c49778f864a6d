using ResLora.Adapters;
using ResLora.Models.Fused;
using ResLora.Models.Llama;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models.Fused;
using ResLora.Training.Evaluation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Objectives;

public sealed class NextTokenObjectiveTests
{
    private const double Float32Tolerance = 1e-5;   // the same sums in another order

    // Padded and packed rows are other shapes for libtorch's products, whose results are rounded to bfloat16 again and again.
    private const double LeastCosine = 0.999;

    /// <summary>Structures, each with plain attention, a window that is shorter than a text, and head norms.</summary>
    public static TheoryData<ShortcutKind, string> Models =>
        new MatrixTheoryData<ShortcutKind, string>(Enum.GetValues<ShortcutKind>(), ["llama", "mistral", "qwen3"]);

    [Theory]
    [MemberData(nameof(Models))]
    public void LossSum_PackedInFloat32_IsThatOfPaddedRows(ShortcutKind shortcut, string family)
    {
        using var scope = NewDisposeScope();
        using var llama = new FusedLlama(shortcut, float32, Config(family));
        llama.Model.UsesFusedKernels = false;

        var (expectedLoss, expected) = llama.Gradients(packing: false);
        var (loss, packed) = llama.Gradients(packing: true);

        Assert.Equal(expectedLoss, loss, Float32Tolerance);
        Assert.All(packed, g => Assert.True(g.Value.abs().max().item<float>() > 0.001, $"{g.Key} has no gradient"));
        Assert.All(packed, g => Assert.InRange(TinyAdapters.Distance(expected[g.Key], g.Value), 0, Float32Tolerance));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void LossSum_PackedByKernels_IsThatOfPaddedRows(ShortcutKind shortcut, string family)
    {
        KernelCheck.RequireSupport();
        using var scope = NewDisposeScope();
        using var llama = new FusedLlama(shortcut, bfloat16, Config(family));
        llama.Model.UsesFusedKernels = true;

        var (expectedLoss, expected) = llama.Gradients(packing: false);
        var (loss, packed) = llama.Gradients(packing: true);

        Assert.Equal(expectedLoss, loss, expectedLoss * KernelCheck.Rounding);
        Assert.All(packed, g => Assert.InRange(KernelCheck.Cosine(expected[g.Key], g.Value), LeastCosine, 1 + 1e-9));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Predictions_Packed_AreThoseOfEachTextAlone(ShortcutKind shortcut, string family)
    {
        using var scope = NewDisposeScope();
        using var llama = new FusedLlama(shortcut, float32, Config(family));
        llama.Model.UsesFusedKernels = false;
        using var pack = TokenBatch.Pack(FusedLlama.Samples, CPU);

        var packed = llama.TokenLosses(pack);

        var alone = FusedLlama.Samples.SelectMany(sample =>
        {
            using var one = TokenBatch.Collate([sample], 0, CPU);
            return llama.TokenLosses(one);
        }).ToArray();
        Assert.Equal(FusedLlama.Samples.Sum(s => s.TrainedTokens), packed.Length);
        Assert.All(alone.Zip(packed), pair => Assert.Equal(pair.First, pair.Second, Float32Tolerance));
    }

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Input, false)]
    [InlineData(ShortcutKind.Middle, false)]
    [InlineData(ShortcutKind.None, true)]
    [InlineData(ShortcutKind.Input, true)]
    [InlineData(ShortcutKind.Middle, true)]
    public void Predictions_AnotherTextOfThePack_ChangesNoBit(ShortcutKind shortcut, bool fused)
    {
        Assert.SkipWhen(fused && !FusedKernels.IsSupported, "this processor lacks AVX-512, which the kernels are written for");
        using var scope = NewDisposeScope();
        using var llama = new FusedLlama(shortcut, fused ? bfloat16 : float32);
        llama.Model.UsesFusedKernels = fused;
        using var pack = TokenBatch.Pack(FusedLlama.Samples, CPU);
        using var changed = pack with { Ids = pack.Ids.clone() };
        changed.Ids[0, 10] = (pack.Ids[0, 10].item<long>() + 1) % 50;   // the third text's second token
        var (before, third) = (FusedLlama.Samples.Take(2).Sum(s => s.TrainedTokens), FusedLlama.Samples[2].TrainedTokens);

        float[] expected = llama.TokenLosses(pack), actual = llama.TokenLosses(changed);

        Assert.Equal(expected[..before], actual[..before]);
        Assert.Equal(expected[(before + third)..], actual[(before + third)..]);
        Assert.NotEqual(expected[before..(before + third)], actual[before..(before + third)]);
    }

    private static LlamaConfig Config(string family) =>
        FusedLlama.Config with { ModelType = family, ConfiguredSlidingWindow = family == "mistral" ? 5 : null };
}
