using ResLora.Models.Bert;
using ResLora.Models.Memory;
using Xunit;

namespace ResLora.Tests.Models.Bert;

public sealed class BertMemoryTests
{
    // D = 16, F = 24, H = 2, V = 29, float32.
    private static readonly TrainingTerms _terms = new(Width: 4, TrainsBase: false, FusedKernels: true);

    [Theory]
    // Attention: q, k, v and output, and a float for each head; norms: input, mean and deviation, twice; the activation's input.
    [InlineData(0, (4 * 16 * 4) + (2 * 4) + (2 * ((16 * 4) + 8)) + (24 * 4), 0)]
    // With dropout: q, k and v; three numbers for each head and pair; norms: dropout's factors, too.
    [InlineData(0.1, (3 * 16 * 4) + (2 * ((2 * 16 * 4) + 8)) + (24 * 4), 3 * 2 * 4)]
    public void Of_EachLayer_IsWhatAutogradKeeps(double dropout, long kept, long pairs)
    {
        var account = BertMemory.Of(TinyBert.Config("bert") with { HiddenDropout = dropout, AttentionDropout = dropout }, _terms);

        Assert.Equal(3, account.Layers.Count);
        Assert.All(
            account.Layers,
            layer =>
                Assert.Equal((16 * 4, kept, pairs, (2 * 24 + 2 * 16) * 4), (layer.Input, layer.Kept, layer.KeptPerPair, layer.Passing)));
        Assert.Equal((0, 5 * 29 * 12), (account.BehindLayers, account.Loss(5)));
    }
}
