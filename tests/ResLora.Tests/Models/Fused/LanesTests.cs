using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed unsafe class LanesTests
{
    private const double ExpError = 1e-6;       // what the method promises: a Taylor series up to r⁶ with |r| ≤ ½ ln 2, in float32
    private const ushort Untouched = 0x1234;

    public LanesTests() => KernelCheck.RequireSupport();

    public static TheoryData<int> Counts => [.. Enumerable.Range(0, Lanes.Count + 1)];

    [Fact]
    public void Exp_OverTheRange_IsMathExp()
    {
        var worst = 0.0;
        for (var x = -87f; x < 88.7f; x += 0.0137f)
        {
            var expected = Math.Exp(x);

            var actual = Lanes.Exp(Vector512.Create(x))[3];

            worst = Math.Max(worst, Math.Abs(actual - expected) / expected);
        }

        Assert.InRange(worst, 0, ExpError);
        Assert.Equal(1, Lanes.Exp(Vector512<float>.Zero)[0]);
    }

    [Theory]
    [InlineData(-87.5f, 1.6458115e-38f)]
    [InlineData(-1e30f, 1.6458115e-38f)]
    [InlineData(float.NegativeInfinity, 1.6458115e-38f)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(3e38f, float.PositiveInfinity)]
    public void Exp_OutsideTheRange_IsTheSmallestOrInfinite(float x, float expected)
    {
        var actual = Lanes.Exp(Vector512.Create(x))[0];

        Assert.Equal(expected, actual, float.IsInfinity(expected) ? 0 : expected * ExpError);
    }

    [Theory]
    [InlineData(-30f)]
    [InlineData(-1.5f)]
    [InlineData(0f)]
    [InlineData(0.25f)]
    [InlineData(30f)]
    public void Sigmoid_Numbers_IsTheLogisticFunction(float x)
    {
        var expected = 1 / (1 + Math.Exp(-x));

        Assert.Equal(expected, Lanes.Sigmoid(Vector512.Create(x))[15], expected * 2 * ExpError);
    }

    [Fact]
    public void ExpAndSigmoid_NotANumber_StaysOne()
    {
        var lanes = Vector512.Create(1f).WithElement(5, float.NaN);

        var (power, logistic) = (Lanes.Exp(lanes), Lanes.Sigmoid(lanes));

        Assert.All(Enumerable.Range(0, Lanes.Count), i => Assert.Equal(i == 5, float.IsNaN(power[i])));
        Assert.All(Enumerable.Range(0, Lanes.Count), i => Assert.Equal(i == 5, float.IsNaN(logistic[i])));
    }

    [Fact]
    public void StoreAndNarrow_AllKindsOfNumbers_RoundAsLibtorchDoes()
    {
        var values = Numbers();
        var expected = Halves(tensor(values).to(bfloat16));
        var stored = new ushort[values.Length];

        fixed (float* source = values)
        fixed (ushort* target = stored)
        {
            for (var i = 0; i < values.Length; i += Lanes.Count)
            {
                Lanes.Store(Vector512.Load(source + i), target + i);
            }
        }

        Assert.Equal(expected, stored);
        Assert.Equal(expected, values.Select(Lanes.Narrow));
    }

    [Fact]
    public void LoadAndWiden_EveryHalf_IsWhatLibtorchReads()
    {
        var halves = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        var loaded = new float[halves.Length];

        fixed (ushort* source = halves)
        fixed (float* target = loaded)
        {
            for (var i = 0; i < halves.Length; i += Lanes.Count)
            {
                Lanes.Load(source + i).Store(target + i);
            }
        }

        var expected = tensor(loaded).to(bfloat16).to(float32).data<float>().ToArray();
        Assert.Equal(expected, loaded);   // in xunit a NaN equals itself
        Assert.Equal(loaded.Select(BitConverter.SingleToUInt32Bits), halves.Select(h => BitConverter.SingleToUInt32Bits(Lanes.Widen(h))));
        Assert.Equal(halves, loaded.Select(x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)));
    }

    [Fact]
    public void StoreAndNarrow_NotANumber_StaysOne()
    {
        // Those that a processor makes (0xFFC00000) or hands on from bfloat16, whose lower half is empty. Others do not reach a kernel.
        uint[] bits = [.. Enumerable.Range(0, 1 << 16).Select(h => (uint)h << 16).Where(IsNaN)];
        var stored = stackalloc ushort[Lanes.Count];

        foreach (var one in bits)
        {
            Lanes.Store(Vector512.Create(one).AsSingle(), stored);

            Assert.True(float.IsNaN(Lanes.Widen(stored[7])), $"{one:X8}");
            Assert.True(float.IsNaN(Lanes.Widen(Lanes.Narrow(BitConverter.UInt32BitsToSingle(one)))), $"{one:X8}");
        }

        static bool IsNaN(uint value) => float.IsNaN(BitConverter.UInt32BitsToSingle(value));
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Store_FirstFew_WritesNothingBehind(int count)
    {
        var target = Enumerable.Repeat(Untouched, 3 * Lanes.Count).ToArray();

        fixed (ushort* start = target)
        {
            Lanes.Store(Vector512.Create(1f), start + Lanes.Count, count);
        }

        ushort[] expected =
            [.. Enumerable.Repeat(Untouched, Lanes.Count), .. Enumerable.Repeat(Lanes.Narrow(1), count), .. Enumerable.Repeat(
                Untouched, (2 * Lanes.Count) - count)];
        Assert.Equal(expected, target);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Load_FirstFew_ReadsNothingBehind(int count)
    {
        var source = Enumerable.Range(0, 2 * Lanes.Count).Select(i => i < count ? Lanes.Narrow(i + 1) : Lanes.Narrow(float.NaN)).ToArray();

        Vector512<float> lanes;
        fixed (ushort* start = source)
        {
            lanes = Lanes.Load(start, count, Vector512.Create(-5f));
        }

        Assert.All(Enumerable.Range(0, Lanes.Count), i => Assert.Equal(i < count ? i + 1 : -5, lanes[i]));
    }

    [Fact]
    public void Max_EveryLane_IsSeen()
    {
        var negative = Vector512.Create(-3f);

        for (var i = 0; i < Lanes.Count; i++)
        {
            Assert.Equal(-2, Lanes.Max(negative.WithElement(i, -2)));
            Assert.True(float.IsNaN(Lanes.Max(negative.WithElement(i, float.NaN))), $"lane {i}");
        }
    }

    /// <summary>Random bits, ties and their neighbours, the ends of the range, zeros and infinities; no NaN.</summary>
    private static float[] Numbers()
    {
        var random = new Random(4);
        var bits =
            new List<uint> { 0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 1, 0x8000_0001, 0x0080_0000, 0x007F_FFFF };
        for (var i = 0; i < 5000; i++)
        {
            var upper = (uint)random.Next(0x1_0000) << 16;
            bits.AddRange([upper | (uint)random.Next(0x1_0000), upper | 0x8000, upper | 0x7FFF, upper | 0x8001]);
        }

        var numbers = bits.Select(BitConverter.UInt32BitsToSingle).Where(x => !float.IsNaN(x)).ToArray();
        return numbers[..(numbers.Length / Lanes.Count * Lanes.Count)];
    }

    private static ushort[] Halves(Tensor tensor) => MemoryMarshal.Cast<byte, ushort>(tensor.bytes).ToArray();
}
