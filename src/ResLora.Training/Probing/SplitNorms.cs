using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace ResLora.Training.Probing;

/// <summary>The sizes of two parts of a sum, and how they lie to each other.</summary>
/// <param name="Own">‖·‖_F of the part that would be there without shortcuts.</param>
/// <param name="Shortcut">‖·‖_F of what a shortcut adds; 0 where it adds nothing.</param>
/// <param name="Cosine">The cosine of the angle between the two, −1 to 1; null where one of them is 0.</param>
public sealed record SplitNorms(double Own, double Shortcut, double? Cosine)
{
    /// <summary>‖shortcut‖ / ‖own‖; null where the own part is 0.</summary>
    [JsonIgnore]
    public double? Ratio => Own > 0 ? Shortcut / Own : null;

    /// <summary>‖own + shortcut‖_F, from the two sizes and the angle.</summary>
    [JsonIgnore]
    public double Whole => Math.Sqrt(Math.Max(0, (Own * Own) + (Shortcut * Shortcut) + (2 * Own * Shortcut * (Cosine ?? 0))));

    /// <summary>Measures two tensors of one shape.</summary>
    /// <param name="own">The own part, borrowed.</param>
    /// <param name="shortcut">What the shortcut adds, borrowed; null for nothing.</param>
    internal static SplitNorms Of(Tensor own, Tensor? shortcut)
    {
        using var scope = NewDisposeScope();
        var first = own.to(float64).flatten();
        var size = first.norm().item<double>();
        if (shortcut is null)
        {
            return new SplitNorms(size, 0, null);
        }

        var second = shortcut.to(float64).flatten();
        var other = second.norm().item<double>();
        // Rounding may take a cosine out of its range.
        return new SplitNorms(
            size, other, size > 0 && other > 0 ? Math.Clamp(first.dot(second).item<double>() / (size * other), -1, 1) : null);
    }
}
