using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Sums over explicit loops in double, for what the library computes with matrix products.</summary>
internal static class BruteForce
{
    /// <summary>An entry [i, t, d].</summary>
    public static double Number(Tensor x, int i, int t, int d) => x[i, t, d].item<float>();

    /// <summary>(A x)_r.</summary>
    public static double Down(Tensor a, int r, Func<int, double> x) =>
        Enumerable.Range(0, (int)a.shape[1]).Sum(d => a[r, d].item<float>() * x(d));

    /// <summary>(B low)_o.</summary>
    public static double Up(Tensor b, int o, Func<int, double> low) =>
        Enumerable.Range(0, (int)b.shape[1]).Sum(r => b[o, r].item<float>() * low(r));

    /// <summary>The numbers of a matrix or of a batch of rows, a row an array.</summary>
    public static double[][] Rows(Tensor values)
    {
        using var scope = NewDisposeScope();
        var flat = values.detach().to(float64).reshape(-1, values.shape[^1]);
        return [.. flat.data<double>().ToArray().Chunk((int)values.shape[^1])];
    }

    /// <summary>Matrix times vector.</summary>
    public static double[] Apply(double[][] matrix, double[] x) => [.. matrix.Select(row => Dot(row, x))];

    /// <summary>Left + factor · right.</summary>
    public static double[] Add(double[] left, double[] right, double factor = 1) => [.. left.Zip(right, (a, b) => a + factor * b)];

    public static double Dot(double[] left, double[] right)
    {
        var sum = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    public static double Square(double[] vector) => Dot(vector, vector);

    /// <summary>Σ left rightᵀ over pairs of rows.</summary>
    public static double[][] Outer(IReadOnlyList<double[]> left, IReadOnlyList<double[]> right)
    {
        var sum = left[0].Select(_ => new double[right[0].Length]).ToArray();
        for (var n = 0; n < left.Count; n++)
        {
            for (var i = 0; i < sum.Length; i++)
            {
                for (var j = 0; j < sum[i].Length; j++)
                {
                    sum[i][j] += left[n][i] * right[n][j];
                }
            }
        }

        return sum;
    }

    /// <summary>A*: A + C (S + λI)⁻¹ with λ = ridge · tr(S) / Din, row by row.</summary>
    public static double[][] LeastSquares(double[][] a, double[][] cross, double[][] moment, double ridge)
    {
        var width = moment.Length;
        var lambda = ridge * Enumerable.Range(0, width).Sum(i => moment[i][i]) / width;
        var regular = moment.Select((row, i) => row.Select((v, j) => i == j ? v + lambda : v).ToArray()).ToArray();
        // S is symmetric: the row k of C (S + λI)⁻¹ solves (S + λI) k = c
        return [.. a.Zip(cross, (row, c) => Add(row, Solve(regular, c)))];
    }

    /// <summary>Gaussian elimination with the largest pivot.</summary>
    public static double[] Solve(double[][] matrix, double[] right)
    {
        var size = right.Length;
        double[][] rows = [.. matrix.Select((row, i) => row.Append(right[i]).ToArray())];
        for (var column = 0; column < size; column++)
        {
            var pivot = Enumerable.Range(column, size - column).MaxBy(i => Math.Abs(rows[i][column]));
            (rows[column], rows[pivot]) = (rows[pivot], rows[column]);
            for (var i = column + 1; i < size; i++)
            {
                rows[i] = Add(rows[i], rows[column], -rows[i][column] / rows[column][column]);
            }
        }

        var x = new double[size];
        for (var i = size - 1; i >= 0; i--)
        {
            x[i] = (rows[i][size] - Enumerable.Range(i + 1, size - i - 1).Sum(j => rows[i][j] * x[j])) / rows[i][i];
        }

        return x;
    }

    /// <summary>The largest difference of any number, over the largest expected number.</summary>
    public static double RelativeDistance(double[][] expected, double[][] actual)
    {
        Assert.Equal(expected.Select(row => row.Length), actual.Select(row => row.Length));
        var largest = expected.Max(row => row.Max(Math.Abs));
        return expected.Zip(actual, (e, a) => e.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max() / largest;
    }

    /// <summary>Every entry of [2, 3, 4] activations.</summary>
    public static void AssertEach(Tensor actual, double tolerance, Func<int, int, int, double> expected)
    {
        Assert.Equal([2, 3, 4], actual.shape);
        for (var i = 0; i < 2; i++)
        {
            for (var t = 0; t < 3; t++)
            {
                for (var o = 0; o < 4; o++)
                {
                    Assert.Equal(expected(i, t, o), actual[i, t, o].item<float>(), tolerance);
                }
            }
        }
    }

    /// <summary>Every entry of a [4, 5] weight.</summary>
    public static void AssertWeight(Tensor actual, double tolerance, Func<int, int, double> expected)
    {
        Assert.Equal([4, 5], actual.shape);
        for (var o = 0; o < 4; o++)
        {
            for (var d = 0; d < 5; d++)
            {
                Assert.Equal(expected(o, d), actual[o, d].item<float>(), tolerance);
            }
        }
    }
}
