using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Moves head vectors between the order of the projections, [N, H, E] (token by token), and the order that attention multiplies in,
/// [H, N, E] (head by head), turning them by their positions on the way.
/// </summary>
internal static unsafe class HeadLayout
{
    /// <summary>How the vectors are turned.</summary>
    public enum Turn
    {
        /// <summary>Not at all.</summary>
        None,

        /// <summary>By the angle of the position.</summary>
        Forward,

        /// <summary>Back by it, which is the gradient of turning forward.</summary>
        Backward,
    }

    /// <summary>From token by token to head by head.</summary>
    /// <param name="tokens">[N, H·E] bfloat16, contiguous; borrowed.</param>
    /// <param name="heads">H.</param>
    /// <param name="turn">How vectors are turned.</param>
    /// <param name="cos">[T, E] float32; token n has row n modulo T. Borrowed.</param>
    /// <param name="sin">Like <paramref name="cos"/>.</param>
    /// <param name="scale">A factor for all numbers.</param>
    /// <returns>New tensor [H, N, E].</returns>
    public static Tensor ToHeads(Tensor tokens, int heads, Turn turn, Tensor cos, Tensor sin, float scale = 1)
    {
        var (count, size) = ((int)tokens.shape[0], (int)(tokens.shape[1] / heads));
        var output = empty([heads, count, size], dtype: ScalarType.BFloat16);
        Move(tokens, output, heads, count, size, toHeads: true, turn, cos, sin, scale);
        return output;
    }

    /// <summary>From head by head to token by token.</summary>
    /// <param name="byHead">[H, N, E] bfloat16, contiguous; borrowed.</param>
    /// <param name="turn">As for the other way.</param>
    /// <param name="cos">As for the other way.</param>
    /// <param name="sin">As for the other way.</param>
    /// <param name="scale">As for the other way.</param>
    /// <returns>New tensor [N, H·E].</returns>
    public static Tensor ToTokens(Tensor byHead, Turn turn, Tensor cos, Tensor sin, float scale = 1)
    {
        var (heads, count, size) = ((int)byHead.shape[0], (int)byHead.shape[1], (int)byHead.shape[2]);
        var output = empty([count, heads * size], dtype: ScalarType.BFloat16);
        Move(byHead, output, heads, count, size, toHeads: false, turn, cos, sin, scale);
        return output;
    }

    private static void Move(
        Tensor source, Tensor target, int heads, int count, int size, bool toHeads, Turn turn, Tensor cos, Tensor sin, float scale)
    {
        var angles = cos.shape[0];
        Rows.ForEach(count, (first, end) =>
        {
            ushort* from = Lanes.Halves(source), to = Lanes.Halves(target);
            float* cosines = Lanes.Floats(cos), sines = Lanes.Floats(sin);
            for (var token = first; token < end; token++)
            {
                var angle = token % angles * size;
                for (var head = 0; head < heads; head++)
                {
                    var byToken = (((long)token * heads) + head) * size;
                    var byHead = (((long)head * count) + token) * size;
                    Vector(from + (toHeads ? byToken : byHead), to + (toHeads ? byHead : byToken), size, turn, cosines + angle, sines + angle, scale);
                }
            }
        });
    }

    /// <summary>One head vector. Pair i is (x_i, x_{i+E/2}).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Vector(ushort* source, ushort* target, int size, Turn turn, float* cos, float* sin, float scale)
    {
        var half = size / 2;
        var direction = turn switch { Turn.Forward => 1f, Turn.Backward => -1f, _ => 0f };
        if (direction == 0)
        {
            for (var i = 0; i < size; i += Lanes.Count)
            {
                Lanes.Store(Lanes.Load(source + i) * scale, target + i);
            }

            return;
        }

        for (var i = 0; i < half; i += Lanes.Count)
        {
            var (x, y) = (Lanes.Load(source + i), Lanes.Load(source + half + i));
            var (c, s) = (Vector512.Load(cos + i) * scale, Vector512.Load(sin + i) * (scale * direction));
            Lanes.Store((x * c) - (y * s), target + i);
            Lanes.Store((y * c) + (x * s), target + half + i);
        }
    }
}
