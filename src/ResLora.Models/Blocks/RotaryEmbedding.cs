using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Cosines and sines of the rotary position embedding for a run of positions.</summary>
/// <param name="Cos">[T, E], float32 or the model's dtype.</param>
/// <param name="Sin">[T, E], like <paramref name="Cos"/>.</param>
public sealed record RotaryAngles(Tensor Cos, Tensor Sin);

/// <summary>
/// Rotary position embedding in the "rotate half" layout of Hugging Face: pairs are (x_i, x_{i+E/2}), and
/// position p turns pair i by the angle p · θ^(−2i/E).
/// </summary>
/// <remarks>Su et al., arXiv:2104.09864, equation 34; scaled frequencies as in the <c>rope_scaling</c> of Hugging Face configurations.</remarks>
public static class RotaryEmbedding
{
    /// <summary>The angular frequency of every pair, with the model's scaling applied.</summary>
    /// <param name="config">The model's description; head size, base θ and scaling are read.</param>
    /// <returns>E/2 frequencies in radians a position.</returns>
    public static float[] Frequencies(LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var half = config.HeadSize / 2;
        var frequencies = new float[half];
        for (var i = 0; i < half; i++)
        {
            var plain = Math.Pow(config.RopeTheta, -2.0 * i / config.HeadSize);
            frequencies[i] = (float)(config.RopeScaling?.Apply(plain) ?? plain);
        }

        return frequencies;
    }

    /// <summary>Angles of the positions <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    /// <param name="frequencies">[E/2], radians a position, on the device of the activations; borrowed.</param>
    /// <param name="start">The first position, counted from 0.</param>
    /// <param name="count">T, how many positions.</param>
    /// <param name="dtype">The dtype of the activations; angles are computed in float32 first.</param>
    /// <returns>New tensors [T, E], owned by the caller.</returns>
    public static RotaryAngles Angles(Tensor frequencies, long start, long count, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var positions = arange(start, start + count, dtype: float32, device: frequencies.device);   // [T]
        var angles = positions.unsqueeze(1) * frequencies.unsqueeze(0);                            // [T, E/2]
        var both = cat([angles, angles], dim: -1);                                                  // [T, E]
        return new RotaryAngles(
            both.cos().to(dtype).MoveToOuterDisposeScope(),
            both.sin().to(dtype).MoveToOuterDisposeScope());
    }

    /// <summary>Turns every head vector by the angles of its position: x ⊙ cos + rotate_half(x) ⊙ sin.</summary>
    /// <param name="x">[B, H, T, E], borrowed.</param>
    /// <param name="angles">Cosines and sines, [T, E] each; borrowed.</param>
    /// <returns>New tensor [B, H, T, E], owned by the caller.</returns>
    public static Tensor Rotate(Tensor x, RotaryAngles angles)
    {
        using var scope = NewDisposeScope();
        var halves = x.chunk(2, dim: -1);                        // 2 × [B, H, T, E/2]
        var rotated = cat([-halves[1], halves[0]], dim: -1);     // [B, H, T, E]
        return (x * angles.Cos + rotated * angles.Sin).MoveToOuterDisposeScope();
    }
}
