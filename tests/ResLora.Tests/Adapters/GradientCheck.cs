using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Holds libtorch's gradients against central differences, in float64.</summary>
internal static class GradientCheck
{
    private const double Step = 1e-6;

    // The error of a central difference is about Step², rounding adds about 1e-16 / Step.
    private const double Tolerance = 1e-7;

    /// <summary>Random float64 numbers that a gradient is wanted for.</summary>
    public static Tensor Leaf(params long[] shape) => randn(shape, dtype: float64).requires_grad_(true);

    /// <summary>Checks d/d(leaf) of Σ weights ⊙ function() for every number of every leaf.</summary>
    public static void Run(Func<Tensor> function, params Tensor[] leaves)
    {
        using var scope = NewDisposeScope();
        var value = function();
        var weights = randn(value.shape, dtype: float64);
        (value * weights).sum().backward();
        foreach (var leaf in leaves)
        {
            Assert.NotNull(leaf.grad);
            using var noGradient = no_grad();
            var flat = leaf.view(-1);
            var gradient = leaf.grad.view(-1);
            for (var i = 0; i < flat.NumberOfElements; i++)
            {
                var original = flat[i].item<double>();
                var expected = (At(original + Step) - At(original - Step)) / (2 * Step);
                flat[i] = tensor(original, dtype: float64);
                Assert.Equal(expected, gradient[i].item<double>(), Tolerance);

                double At(double number)
                {
                    flat[i] = tensor(number, dtype: float64);
                    return (function() * weights).sum().item<double>();
                }
            }
        }
    }
}
