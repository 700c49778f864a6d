using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Cosines and sines of the rotary position embedding, for every token of a row.</summary>
/// <param name="Cos">[T, E], float32.</param>
/// <param name="Sin">[T, E], like <paramref name="Cos"/>.</param>
public sealed record RotaryAngles(Tensor Cos, Tensor Sin);

/// <summary>
/// Rotary position embedding in the "rotate half" layout of Hugging Face: pairs are (x_i, x_{i+E/2}), and
/// position p turns pair i by the angle p · θ^(−2i/E).
/// </summary>
/// <remarks>
/// Su et al., arXiv:2104.09864, equation 34; scaled frequencies as in the <c>rope_scaling</c> of Hugging Face configurations.
/// </remarks>
public static class RotaryEmbedding
{
    /// <summary>The angles of positions.</summary>
    /// <param name="frequencies">[E/2], radians a position, on the device of the activations; borrowed.</param>
    /// <param name="positions">[T] float32, each token's position in its text, counted from 0; borrowed.</param>
    /// <param name="scale">What cosines and sines are multiplied by (<c>RopeScaling.AttentionScale</c>). Default 1.</param>
    /// <returns>New tensors [T, E], float32, owned by the caller.</returns>
    public static RotaryAngles Angles(Tensor frequencies, Tensor positions, double scale = 1)
    {
        ArgumentNullException.ThrowIfNull(frequencies);
        ArgumentNullException.ThrowIfNull(positions);
        using var scope = NewDisposeScope();
        var angles = positions.unsqueeze(1) * frequencies.unsqueeze(0);   // [T, 1] · [1, E/2] -> [T, E/2]
        var both = cat([angles, angles], dim: -1);                        // [T, E]
        return new RotaryAngles((both.cos() * scale).MoveToOuterDisposeScope(), (both.sin() * scale).MoveToOuterDisposeScope());
    }

    /// <summary>Turns every head vector by the angles of its position: x ⊙ cos + rotate_half(x) ⊙ sin.</summary>
    /// <param name="x">[B, H, T, E], borrowed.</param>
    /// <param name="angles">Cosines and sines, [T, E] each, which are rounded to the dtype of x; borrowed.</param>
    /// <returns>New tensor [B, H, T, E], owned by the caller.</returns>
    public static Tensor Rotate(Tensor x, RotaryAngles angles)
    {
        using var scope = NewDisposeScope();
        var halves = x.chunk(2, dim: -1);                        // 2 × [B, H, T, E/2]
        var rotated = cat([-halves[1], halves[0]], dim: -1);     // [B, H, T, E]
        return (x * angles.Cos.to(x.dtype) + rotated * angles.Sin.to(x.dtype)).MoveToOuterDisposeScope();
    }
}
