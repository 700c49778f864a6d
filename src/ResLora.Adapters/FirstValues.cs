using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>First values of factors.</summary>
internal static class FirstValues
{
    /// <summary>Uniform from ±1/√n with n the inputs of a row (Kaiming with a = √5).</summary>
    /// <param name="shape">The shape; all dimensions but the first are inputs.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <returns>New float32 tensor, owned by the caller.</returns>
    public static Tensor Uniform(long[] shape, Generator generator)
    {
        using var scope = NewDisposeScope();
        var bound = 1 / Math.Sqrt(shape.Skip(1).Aggregate(1L, (product, side) => product * side));
        return (((rand(shape, dtype: float32, generator: generator) * 2) - 1) * bound).MoveToOuterDisposeScope();
    }
}
