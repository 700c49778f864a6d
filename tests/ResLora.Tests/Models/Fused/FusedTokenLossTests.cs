using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class FusedTokenLossTests : KernelTests
{
    // The logits are rounded, then ∂z, then ∂h for the product with W.
    private const double GradientTolerance = 3 * KernelCheck.Rounding;

    private static readonly int[] _seams = [0, 1, 1023, 1024, 1099];

    [Theory]
    [InlineData(5, 7)]          // less than a vector
    [InlineData(5, 16)]
    [InlineData(33, 50)]
    [InlineData(1, 37)]         // a row alone
    [InlineData(1025, 37)]      // a row alone in its last chunk
    [InlineData(1100, 37)]      // 1,024 rows and 96, 20 of them to fill up
    [InlineData(37, 524_300)]   // three times 16 rows
    public void Apply_LossAndGradient_AreThoseOfCrossEntropy(int rows, int vocabulary)
    {
        var (hidden, weight, targets) = Inputs(rows, vocabulary);
        var above = tensor(0.25f);

        var expected = KernelCheck.Run(float32, x => Plain(nn.functional.linear(x[0], weight.to(float32)), targets), above, hidden);
        var rounded = Plain(nn.functional.linear(hidden, weight).to(float32), targets).item<float>();
        var (loss, gradient) = Fused(hidden, weight, targets, above);

        // Each logit is rounded once, and the loss of a row is the difference of two of them.
        Assert.Equal(expected[0].item<float>(), loss.item<float>(), KernelCheck.Rounding * expected[0].item<float>());
        Assert.Equal(rounded, loss.item<float>(), KernelCheck.Float32 * rounded);
        Assert.InRange(KernelCheck.Distance(expected[1], gradient), 0, GradientTolerance);
    }

    [Fact]
    public void Apply_EveryRow_HasItsOwnGradient()
    {
        var (hidden, weight, targets) = Inputs(1100, 37);

        var expected = KernelCheck.Run(float32, x => Plain(nn.functional.linear(x[0], weight.to(float32)), targets), tensor(1f), hidden)[1];
        var (_, gradient) = Fused(hidden, weight, targets, tensor(1f));

        // Rows at the seams of the chunks as well as others; a row is short, so its rounding is averaged less.
        Assert.All(_seams, row => Assert.InRange(KernelCheck.Distance(expected[row], gradient[row]), 0, 2 * GradientTolerance));
    }

    [Fact]
    public void Apply_WithAndWithoutGradient_IsTheSameLoss()
    {
        var (hidden, weight, targets) = Inputs(1100, 37);

        var (expected, _) = Fused(hidden, weight, targets, tensor(1f));
        var frozen = FusedTokenLoss.Apply(hidden, weight, targets);
        Tensor quiet;
        using (no_grad())
        {
            quiet = FusedTokenLoss.Apply(hidden.clone().requires_grad_(), weight, targets);
        }

        Assert.Equal(expected.item<float>(), frozen.item<float>());
        Assert.Equal(expected.item<float>(), quiet.item<float>());
        Assert.False(frozen.requires_grad);
        Assert.False(quiet.requires_grad);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(36)]
    public void Apply_SureTarget_CostsNothingAndAWrongOneItsDistance(int sure)
    {
        // h = e₀, so that the logits are the first column: 60 at one token, 0 at the others.
        var weight = zeros(37, 16, dtype: bfloat16);
        weight[sure, 0] = 60;
        var hidden = zeros(2, 16, dtype: bfloat16);
        hidden[TensorIndex.Colon, 0] = 1;

        var loss = FusedTokenLoss.Apply(hidden, weight, tensor([sure, (sure + 1L) % 37])).item<float>();

        Assert.Equal(60, loss, 60 * KernelCheck.Float32);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void Apply_NotANumber_ReachesLossAndGradient(int row)
    {
        var (hidden, weight, targets) = Inputs(33, 50);
        hidden[row, 4] = float.NaN;

        var (loss, gradient) = Fused(hidden, weight, targets, tensor(1f));

        Assert.True(float.IsNaN(loss.item<float>()));
        Assert.True(gradient[row].isnan().all().item<bool>());
        // With AMX libtorch's product lets it into the row before it, too, where the width is no multiple of 32; nothing else may.
        var product = zeros(33, 50, dtype: bfloat16);
        product[row] = float.NaN;
        Assert.Equal(RowsWithout(product.matmul(weight)), RowsWithout(gradient));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(49)]
    public void Apply_NotANumberInTheHead_ReachesTheLoss(int token)
    {
        var (hidden, weight, targets) = Inputs(33, 50);
        weight[token, 4] = float.NaN;

        Assert.True(float.IsNaN(FusedTokenLoss.Apply(hidden, weight, targets).item<float>()));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(-1)]
    [InlineData(-100)]
    [InlineData((1L << 32) + 3)]
    public void Apply_TargetOutsideTheVocabulary_IsRefused(long target)
    {
        var (hidden, weight, targets) = Inputs(33, 50);
        targets[7] = target;

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => FusedTokenLoss.Apply(hidden, weight, targets));

        Assert.Contains($"{target}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_OneOrTwoThreads_GivesTheSameBits()
    {
        var (hidden, weight, targets) = Inputs(1100, 37);

        KernelCheck.AssertThreadsDoNotMatter(() =>
        {
            var (loss, gradient) = Fused(hidden, weight, targets, tensor(1f));
            return [loss, gradient];
        });
    }

    /// <summary>For each row whether it has no NaN.</summary>
    private static bool[] RowsWithout(Tensor matrix) => matrix.isnan().any(dim: 1).logical_not().data<bool>().ToArray();

    private static (Tensor Hidden, Tensor Weight, Tensor Targets) Inputs(int rows, int vocabulary)
    {
        using var generator = new Generator(3, CPU);
        return (
            KernelCheck.Random(1, 1, rows, 16), KernelCheck.Random(2, 0.7, vocabulary, 16),
            randint(0, vocabulary, [rows], dtype: ScalarType.Int64, generator: generator));
    }

    private static (Tensor Loss, Tensor Gradient) Fused(Tensor hidden, Tensor weight, Tensor targets, Tensor above)
    {
        var leaf = hidden.detach().clone().requires_grad_();
        var loss = FusedTokenLoss.Apply(leaf, weight, targets);
        (loss * above).backward();
        Assert.Equal(bfloat16, leaf.grad!.dtype);
        return (loss.detach(), leaf.grad!.to(float32));
    }

    private static Tensor Plain(Tensor logits, Tensor targets) => nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum);
}
