using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

/// <summary>What the tests of the kernels share: inputs, value and gradients of a function, and how far apart two answers may be.</summary>
internal static class KernelCheck
{
    /// <summary>The relative error of one rounding to bfloat16: it keeps 8 significant bits, so neighbours are 2⁻⁷ apart at most.</summary>
    public const double Rounding = 1.0 / 256;

    /// <summary>Sums of float32 in another order and e^x to 1e-6, as a share of the largest number; far below one rounding.</summary>
    public const double Float32 = 1e-5;

    public static void RequireSupport() =>
        Assert.SkipUnless(FusedKernels.IsSupported, "this processor lacks AVX-512, which the kernels are written for");

    /// <summary>Normally distributed bfloat16.</summary>
    public static Tensor Random(long seed, double deviation, params long[] shape)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        return (randn(shape, generator: generator) * deviation).to(bfloat16).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// y = f(inputs) and the gradients of Σ y ⊙ above, all widened to float32. The inputs are taken as <paramref name="dtype"/>.
    /// </summary>
    public static Tensor[] Run(ScalarType dtype, Func<Tensor[], Tensor> function, Tensor above, params Tensor[] inputs)
    {
        Tensor[] leaves = [.. inputs.Select(x => x.detach().to(dtype, copy: true).requires_grad_())];

        var y = function(leaves);
        (y.to(float32) * above.to(float32)).sum().backward();

        Assert.Equal(dtype, y.dtype);
        Assert.All(leaves, x => Assert.Equal(dtype, x.grad!.dtype));
        return [y.detach().to(float32), .. leaves.Select(x => x.grad!.to(float32))];
    }

    /// <summary>Every number differs by at most a share of itself, and by what float32 loses of the largest.</summary>
    public static void AssertElements(Tensor expected, Tensor actual, double relative = Rounding)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (wanted, found) = (expected.to(float64), actual.to(float64));
        var excess = ((found - wanted).abs() - (wanted.abs() * relative)).max().item<double>();
        var allowed = Float32 * wanted.abs().max().item<double>();
        Assert.True(excess <= allowed, $"{excess:E2} more than {relative:E2} of the number, and {allowed:E2} is allowed");
    }

    /// <summary>The length of the difference, as a share of the length of what is expected.</summary>
    public static double Distance(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var wanted = expected.to(float64);
        return ((actual.to(float64) - wanted).norm() / wanted.norm()).item<double>();
    }

    /// <summary>The cosine of the angle between two tensors.</summary>
    public static double Cosine(Tensor a, Tensor b)
    {
        Assert.Equal(a.shape, b.shape);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (x, y) = (a.to(float64).flatten(), b.to(float64).flatten());
        return (x.dot(y) / (x.norm() * y.norm())).item<double>();
    }

    /// <summary>Whether two tensors hold the same bits; a NaN equals nothing.</summary>
    public static bool Same(Tensor a, Tensor b) => a.shape.SequenceEqual(b.shape) && a.equal(b).all().item<bool>();

    /// <summary>Runs with one and with two threads, and expects the same bits.</summary>
    public static void AssertThreadsDoNotMatter(Func<Tensor[]> run)
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = run();
            set_num_threads(2);
            var two = run();

            Assert.All(one.Zip(two), pair => Assert.True(Same(pair.First, pair.Second)));
        }
        finally
        {
            set_num_threads(before);
        }
    }
}
