using ResLora.Benchmarks.Subjects;
using ResLora.Benchmarks.Verbs;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class FrozenProductsTests
{
    private const int Tokens = 10;
    private const int Predictions = 8;
    private static readonly StackShape _shape =
        new() { Hidden = 12, Intermediate = 20, Layers = 3, Heads = 6, KeyValueHeads = 2, Vocabulary = 50 };

    // Written out by hand: q and o are 12 × 12, k and v 12 × 4, the MLP's three 12 × 20, the head 12 × 50.
    private const double Attention = (2 * 12 * 12) + (2 * 12 * 4);
    private const double Mlp = 3 * 12 * 20;
    private const double Head = 12 * 50;

    [Fact]
    public void Forward_OfAStack_IsTwoForEveryWeightAndToken()
    {
        var products = new FrozenProducts(_shape.Config());

        var flops = products.Forward(Tokens, Predictions);

        Assert.Equal((2 * Tokens * 3 * (Attention + Mlp)) + (2 * Predictions * Head), flops);
    }

    [Fact]
    public void Backward_OfAStack_NeedsNoGradientBelowTheFirstAdapters()
    {
        var products = new FrozenProducts(_shape.Config());

        var flops = products.Backward(Tokens, Predictions);

        // The first layer's input is the frozen embedding: of its attention only o is passed.
        Assert.Equal((2 * Tokens * ((2 * (Attention + Mlp)) + Mlp + (12 * 12))) + (2 * Predictions * Head), flops);
    }

    [Fact]
    public void InStep_OfALayersProducts_AddsUpToTheWholeStep()
    {
        var products = new FrozenProducts(_shape.Config());
        double Of(bool isBackward) =>
            products.OfLayer.Sum(product => products.InStep([product], isBackward) * product.Flops(Tokens))
            + products.Head.Flops(Predictions);

        Assert.Equal(products.Forward(Tokens, Predictions), Of(isBackward: false));
        Assert.Equal(products.Backward(Tokens, Predictions), Of(isBackward: true));
    }

    [Fact]
    public void OfAVisionTransformer_CountsTheSameWay()
    {
        var products = new FrozenProducts(PicturesVerb.Shape(layers: 3, hidden: 32, size: 16, patch: 8));

        // Written out by hand: four of 32 × 32 in attention, two of 32 × 128 in the MLP, a head of 32 × 8.
        Assert.Equal(
            (2 * Tokens * 3 * ((4 * 32 * 32) + (2 * 32 * 128))) + (2 * Predictions * 32 * 8), products.Forward(Tokens, Predictions));
        Assert.Equal(products.Forward(Tokens, Predictions) - (2 * Tokens * 3 * 32 * 32), products.Backward(Tokens, Predictions));
    }
}
