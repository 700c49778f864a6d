using ResLora.Models.Fused;
using ResLora.Models.Llama;
using ResLora.Models.Memory;
using Xunit;

namespace ResLora.Tests.Models.Llama;

public sealed class LlamaMemoryTests
{
    [Theory]
    // D = 16, F = 24, H = 4, K = 2, E = 4, V = 23. Norms: input and inverse root, where trained the normed input, too; attention: q, k, v
    // and
    // output, a float for each head; MLP: three of F.
    [InlineData(false, (2 * ((16 * 4) + 4)) + (4 * 16 * 4) + (4 * 4) + (3 * 24 * 4), (16 * 4) + 4)]
    [InlineData(true, (2 * ((2 * 16 * 4) + 4)) + (4 * 16 * 4) + (4 * 4) + (3 * 24 * 4), (2 * 16 * 4) + 4)]
    public void Of_OperationsAsWritten_IsWhatAutogradKeeps(bool trainsBase, long kept, long behind)
    {
        var account = LlamaMemory.Of(TinyLlama.Config, new TrainingTerms(Width: 4, trainsBase, FusedKernels: true));

        Assert.Equal(4, account.Layers.Count);
        Assert.All(
            account.Layers,
            layer => Assert.Equal((16 * 4, kept, 0, (3 * 24 + 2 * 16) * 4), (layer.Input, layer.Kept, layer.KeptPerPair, layer.Passing)));
        Assert.Equal((behind, 5 * 23 * 12), (account.BehindLayers, account.Loss(5)));
        Assert.Equal([false, true, false, false], account.Layers[0].Inputs.Select(input => input.IsKeptAnyway));
    }

    [Fact]
    public void Of_Kernels_IsWhatTheyKeep()
    {
        Assert.SkipUnless(FusedKernels.IsSupported, "The kernels need a processor with AVX-512.");

        var account = LlamaMemory.Of(TinyLlama.Config, new TrainingTerms(Width: 2, TrainsBase: false, FusedKernels: true));

        // Norms: input and inverse root; attention: turned q, k and v; the gate's two factors.
        var kept = (2 * ((16 * 2) + 4)) + ((16 + (2 * 8) + (2 * 24)) * 2);
        Assert.All(
            account.Layers,
            layer => Assert.Equal((16 * 2, kept, 0, (3 * 24 + 2 * 16) * 2), (layer.Input, layer.Kept, layer.KeptPerPair, layer.Passing)));
        Assert.Equal(((16 * 2) + 4, 5 * (23 + 16) * 2), (account.BehindLayers, account.Loss(5)));
        Assert.All(account.Layers[0].Inputs, input => Assert.False(input.IsKeptAnyway));
    }

    [Fact]
    public void Of_KernelsNotWanted_IsAsWritten()
    {
        var account = LlamaMemory.Of(TinyLlama.Config, new TrainingTerms(Width: 2, TrainsBase: false, FusedKernels: false));

        Assert.Equal(5 * 23 * 12, account.Loss(5));
    }
}
