using System.Runtime.CompilerServices;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>Shape checks at public entry points; they hold in Release builds too.</summary>
public static class Shapes
{
    /// <summary>Stands for "any size" in an expected shape.</summary>
    public const long Any = -1;

    /// <summary>Requires that a tensor has the given shape.</summary>
    /// <param name="tensor">The tensor, borrowed.</param>
    /// <param name="name">What the tensor is called in the message.</param>
    /// <param name="shape">The expected sizes; <see cref="Any"/> (-1) accepts every size; none at all means a scalar.</param>
    /// <exception cref="ShapeException">The number of dimensions or a size differs.</exception>
    public static void Require(Tensor tensor, string name, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!Matches(tensor.shape, shape))
        {
            throw new ShapeException($"'{name}' has shape {Text(tensor.shape)}; expected {Text(shape)}.");
        }
    }

    /// <summary>Requires that two tensors have the same shape.</summary>
    /// <param name="first">The first tensor, borrowed.</param>
    /// <param name="second">The second tensor, borrowed.</param>
    /// <param name="firstName">What the first is called in the message; default: the argument's own text.</param>
    /// <param name="secondName">What the second is called in the message; default: the argument's own text.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static void RequireSame(
        Tensor first,
        Tensor second,
        [CallerArgumentExpression(nameof(first))] string firstName = "",
        [CallerArgumentExpression(nameof(second))] string secondName = "")
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (!first.shape.AsSpan().SequenceEqual(second.shape))
        {
            throw new ShapeException(
                $"'{firstName}' has shape {Text(first.shape)} and '{secondName}' has shape {Text(second.shape)}; they must be the same.");
        }
    }

    /// <summary>A shape as messages show it, such as <c>[2, 16, any]</c>.</summary>
    /// <param name="shape">The sizes; <see cref="Any"/> (-1) shows as <c>any</c>.</param>
    /// <returns>The text in square brackets; <c>[]</c> for a scalar.</returns>
    public static string Text(params ReadOnlySpan<long> shape)
    {
        var sizes = new string[shape.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = shape[i] == Any ? "any" : $"{shape[i]}";
        }

        return $"[{string.Join(", ", sizes)}]";
    }

    private static bool Matches(ReadOnlySpan<long> found, ReadOnlySpan<long> expected)
    {
        if (found.Length != expected.Length)
        {
            return false;
        }

        for (var i = 0; i < found.Length; i++)
        {
            if (expected[i] != Any && expected[i] != found[i])
            {
                return false;
            }
        }

        return true;
    }
}
