using ResLora.Models.Clip;
using ResLora.Models.Memory;
using Xunit;

namespace ResLora.Tests.Models.Clip;

public sealed class ClipTextMemoryTests
{
    // D = 8, F = 12, H = 2, float32.
    private static readonly TrainingTerms _terms = new(Width: 4, TrainsBase: false, FusedKernels: true);

    [Theory]
    // Attention: q, k, v and output, and a float for each head; norms: input, mean and deviation, twice; the activation's input.
    [InlineData("gelu", 0, (4 * 8 * 4) + (2 * 4) + (2 * ((8 * 4) + 8)) + (12 * 4), 0)]
    // The quick activation keeps its second factor, too.
    [InlineData("quick_gelu", 0, (4 * 8 * 4) + (2 * 4) + (2 * ((8 * 4) + 8)) + (2 * 12 * 4), 0)]
    // With dropout on attention: q, k and v, and three numbers for each head and pair; there is no other dropout.
    [InlineData("gelu", 0.1, (3 * 8 * 4) + (2 * ((8 * 4) + 8)) + (12 * 4), 3 * 2 * 4)]
    public void Of_EachLayer_IsWhatAutogradKeeps(string activation, double dropout, long kept, long pairs)
    {
        var account = ClipTextMemory.Of(TinyClip.Config with { Activation = activation, AttentionDropout = dropout }, _terms);

        Assert.Equal(3, account.Layers.Count);
        Assert.All(account.Layers, layer => Assert.Equal(
            (8 * 4, kept, pairs, (2 * 12 + 2 * 8) * 4), (layer.Input, layer.Kept, layer.KeptPerPair, layer.Passing)));
        // The last norm's input, mean and deviation.
        Assert.Equal(((8 * 4) + 8, 0), (account.BehindLayers, account.Loss(5)));
    }

    [Fact]
    public void Of_ALayer_TellsItsLinearLayersApart()
    {
        var layer = ClipTextMemory.Of(TinyClip.Config, _terms).Layers[0];

        Assert.Equal(
            [(8, "q_proj, k_proj, v_proj", false), (8, "out_proj", true), (8, "fc1", false), (12, "fc2", false)],
            layer.Inputs.Select(input => ((int)input.Features, string.Join(", ", input.Names), input.IsKeptAnyway)));
    }
}
