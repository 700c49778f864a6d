using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>Sixteen numbers at once: bfloat16 in memory, float32 in the register.</summary>
internal static unsafe class Lanes
{
    /// <summary>How many numbers a vector holds.</summary>
    public const int Count = 16;

    private const float Log2E = 1.44269504088896341f;
    private const float Ln2High = 0.693359375f;         // short, so that n · Ln2High is exact
    private const float Ln2Low = -2.12194440054690583e-4f;

    /// <summary>Where a contiguous bfloat16 tensor on the processor has its numbers. It is valid as long as the tensor.</summary>
    public static ushort* Halves(Tensor tensor) => (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>The same for float32.</summary>
    public static float* Floats(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>Reads sixteen bfloat16: a bfloat16 is the upper half of a float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* source) =>
        Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(Vector256.Load(source)), 16).AsSingle();

    /// <summary>Reads the first few of sixteen bfloat16 and nothing behind them; the rest of the vector is something else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* source, int count, Vector512<float> rest)
    {
        var known = Avx512BW.VL.MaskLoad(source, First(count), Vector256<ushort>.Zero);
        var values = Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(known), 16).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle(), values, rest);
    }

    /// <summary>Writes sixteen bfloat16, each rounded to the nearest (ties to even).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, ushort* target) => Rounded(value).Store(target);

    /// <summary>Writes the first few of sixteen bfloat16 and nothing behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, ushort* target, int count) =>
        Avx512BW.VL.MaskStore(target, First(count), Rounded(value));

    /// <summary>One bfloat16 as a float32.</summary>
    public static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>One float32 as a bfloat16, rounded as vectors are.</summary>
    public static ushort Narrow(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + ((bits >> 16) & 1) + 0x7FFF) >> 16);
    }

    /// <summary>eˣ, to about 1e-6 of its value; what is below −87 counts as −87, which gives 1e-38.</summary>
    /// <remarks>x = n ln 2 + r with |r| ≤ ½ ln 2; eʳ by its Taylor series up to r⁶, then times 2ⁿ.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var bounded = Avx512F.Max(Vector512.Create(-87f), x);   // in this order a NaN stays one
        var n = Avx512F.RoundScale(bounded * Log2E, 0);
        var r = Avx512F.FusedMultiplyAddNegated(n, Vector512.Create(Ln2High), bounded);
        r = Avx512F.FusedMultiplyAddNegated(n, Vector512.Create(Ln2Low), r);
        var p = Avx512F.FusedMultiplyAdd(Vector512.Create(1f / 720), r, Vector512.Create(1f / 120));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512<float>.One);
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512<float>.One);
        return Avx512F.Scale(p, n);
    }

    /// <summary>The largest of sixteen numbers.</summary>
    public static float Max(Vector512<float> values)
    {
        var eight = Vector256.Max(values.GetLower(), values.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    /// <summary>The logistic function σ(x) = 1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Rounded(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var even = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        return Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(bits + even + Vector512.Create(0x7FFFu), 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> First(int count) => Vector256.LessThan(Vector256<ushort>.Indices, Vector256.Create((ushort)count));
}
