using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// The softmax of causal attention, written over its scores: query t of a text sees the keys 0 … t. Rows are computed in float32. The
/// queries are those from some query t₀ on up to the last one that the keys reach, T' = T − t₀ of them.
/// </summary>
internal static unsafe class CausalSoftmax
{
    /// <summary>P = softmax(S) over the keys that a query sees, 0 elsewhere.</summary>
    /// <param name="scores">[K, G·T', T] bfloat16, contiguous; S is replaced by P.</param>
    /// <param name="firstQuery">t₀.</param>
    public static void Forward(Tensor scores, int firstQuery = 0)
    {
        var count = (int)scores.shape[2];
        Rows.ForEach((int)(scores.numel() / count), (from, to) => Forward(Lanes.Halves(scores), firstQuery, count, from, to));
    }

    /// <summary>P as <see cref="Forward(Tensor, int)"/> gives it, and the gradient of the scores, ∂S = P ⊙ (∂P − Σ_j P_j ∂P_j).</summary>
    /// <param name="scores">[K, G·T', T] bfloat16, contiguous; S is replaced by P.</param>
    /// <param name="gradient">[K, G·T', T] bfloat16, contiguous; ∂P is replaced by ∂S.</param>
    /// <param name="firstQuery">t₀.</param>
    public static void Backward(Tensor scores, Tensor gradient, int firstQuery = 0)
    {
        var count = (int)scores.shape[2];
        Rows.ForEach(
            (int)(scores.numel() / count),
            (from, to) => Backward(Lanes.Halves(scores), Lanes.Halves(gradient), firstQuery, count, from, to));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(ushort* scores, int firstQuery, int count, int from, int to)
    {
        var buffer = ArrayPool<float>.Shared.Rent(Padded(count));
        fixed (float* row = buffer)
        {
            for (var r = from; r < to; r++)
            {
                var (line, seen) = ((nint)(scores + ((long)r * count)), Seen(r, firstQuery, count));
                var inverse = Vector512.Create(1 / Exponentials((ushort*)line, row, seen));
                var i = 0;
                for (; i + Lanes.Count <= seen; i += Lanes.Count)
                {
                    Lanes.Store(Vector512.Load(row + i) * inverse, (ushort*)line + i);
                }

                Finish(Vector512.Load(row + i) * inverse, (ushort*)line, i, seen, count);
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(ushort* scores, ushort* gradient, int firstQuery, int count, int from, int to)
    {
        var buffer = ArrayPool<float>.Shared.Rent(Padded(count));
        fixed (float* row = buffer)
        {
            for (var r = from; r < to; r++)
            {
                var seen = Seen(r, firstQuery, count);
                ushort* line = scores + ((long)r * count), slope = gradient + ((long)r * count);
                var inverse = 1 / Exponentials(line, row, seen);
                var sums = Vector512<float>.Zero;
                var i = 0;
                for (; i + Lanes.Count <= seen; i += Lanes.Count)
                {
                    sums = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i), Lanes.Load(slope + i), sums);
                }

                var rest = Lanes.Load(slope + i, seen - i, Vector512<float>.Zero);
                sums = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i), rest, sums);
                var (scale, mean) = (Vector512.Create(inverse), Vector512.Create(Vector512.Sum(sums) * inverse));
                for (i = 0; i + Lanes.Count <= seen; i += Lanes.Count)
                {
                    var p = Vector512.Load(row + i) * scale;
                    Lanes.Store(p * (Lanes.Load(slope + i) - mean), slope + i);
                    Lanes.Store(p, line + i);
                }

                var last = Vector512.Load(row + i) * scale;
                Finish(last * (rest - mean), slope, i, seen, count);
                Finish(last, line, i, seen, count);
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <summary>How many keys the query of a row sees.</summary>
    private static int Seen(int row, int firstQuery, int count) => firstQuery + (row % (count - firstQuery)) + 1;

    /// <summary>
    /// Fills a row with e^(s − max) of the seen keys, and 0 (or 1e-38) behind them up to the end of a vector. Returns their sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials(ushort* scores, float* row, int seen)
    {
        var lowest = Vector512.Create(float.NegativeInfinity);
        var (whole, largest) = (seen / Lanes.Count * Lanes.Count, lowest);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            largest = Avx512F.Max(largest, Lanes.Load(scores + i));
        }

        var rest = Lanes.Load(scores + whole, seen - whole, lowest);
        var (shift, sum) = (Vector512.Create(Lanes.Max(Avx512F.Max(largest, rest))), Vector512<float>.Zero);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            var e = Lanes.Exp(Lanes.Load(scores + i) - shift);
            e.Store(row + i);
            sum += e;
        }

        var last = Lanes.Exp(rest - shift);
        last.Store(row + whole);
        return Vector512.Sum(sum + last);
    }

    /// <summary>Writes what is left of a row behind its whole vectors, and zeros for the keys that the query does not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector512<float> values, ushort* line, int whole, int seen, int count)
    {
        Lanes.Store(values, line + whole, seen - whole);
        new Span<ushort>(line + seen, count - seen).Clear();
    }

    /// <summary>One vector more than a row has whole ones.</summary>
    private static int Padded(int count) => ((count / Lanes.Count) + 1) * Lanes.Count;
}
