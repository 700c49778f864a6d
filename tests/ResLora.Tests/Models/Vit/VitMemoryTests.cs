using ResLora.Models.Memory;
using ResLora.Models.Vit;
using Xunit;

namespace ResLora.Tests.Models.Vit;

public sealed class VitMemoryTests
{
    // D = 16, F = 24, H = 2, N = 3, float32.
    private static readonly TrainingTerms _terms = new(Width: 4, TrainsBase: false, FusedKernels: true);

    [Theory]
    // Attention: q, k, v and output, and a float for each head; norms: input, mean and deviation, twice; the activation's input.
    [InlineData(0, (4 * 16 * 4) + (2 * 4) + (2 * ((16 * 4) + 8)) + (24 * 4), 0)]
    // With dropout: q, k and v; three numbers for each head and pair; dropout's factors beside each norm's input.
    [InlineData(0.1, (3 * 16 * 4) + (2 * ((2 * 16 * 4) + 8)) + (24 * 4), 3 * 2 * 4)]
    public void Of_EachLayer_IsWhatAutogradKeeps(double dropout, long kept, long pairs)
    {
        var account = VitMemory.Of(TinyVit.Config with { HiddenDropout = dropout, AttentionDropout = dropout }, outputs: 3, _terms);

        Assert.Equal(3, account.Layers.Count);
        Assert.All(account.Layers, layer => Assert.Equal(
            (16 * 4, kept, pairs, (2 * 24 + 2 * 16) * 4), (layer.Input, layer.Kept, layer.KeptPerPair, layer.Passing)));
        // The last norm's input, mean and deviation, and a part of the picture.
        Assert.Equal(((16 * 4) + 8 + (3 * 4 * 4 * 4), 5 * 3 * 12), (account.BehindLayers, account.Loss(5)));
    }

    [Fact]
    public void Of_ALayer_TellsItsLinearLayersApart()
    {
        var layer = VitMemory.Of(TinyVit.Config, outputs: 3, _terms).Layers[0];

        Assert.Equal(
            [
                (16, "query, key, value", false), (16, "attention.output.dense", true),
                (16, "intermediate.dense", false), (24, "output.dense", false),
            ],
            layer.Inputs.Select(input => ((int)input.Features, string.Join(", ", input.Names), input.IsKeptAnyway)));
    }

    [Fact]
    public void Of_InBfloat16_HasThePictureTwiceAndTheSoftmax()
    {
        var account = VitMemory.Of(TinyVit.Config, outputs: 3, _terms with { Width = 2 });

        // Query, key and value; norms as ever; the activation's input. A number for each head and pair, and no output.
        Assert.Equal((3 * 16 * 2) + (2 * ((16 * 2) + 8)) + (24 * 2), account.Layers[0].Kept);
        Assert.Equal(2 * 2, account.Layers[0].KeptPerPair);
        Assert.All(account.Layers[0].Inputs, input => Assert.False(input.IsKeptAnyway));
        Assert.Equal((16 * 2) + 8 + (3 * 4 * 4 * (4 + 2)), account.BehindLayers);
    }
}
