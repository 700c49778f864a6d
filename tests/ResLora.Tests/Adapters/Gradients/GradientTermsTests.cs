using ResLora.Adapters;
using ResLora.Adapters.Gradients;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Gradients;

/// <summary>The terms derived by hand against automatic differentiation, on a chain of three random layers in float64.</summary>
public sealed class GradientTermsTests
{
    private const double Tolerance = 1e-10;   // float64: both sides sum in another order
    private const double Weight = 0.7;
    private const int Layers = 3;

    [Fact]
    public void OfInput_InputShortcut_IsWhatDetachingItTakesAway()
    {
        using var scope = NewDisposeScope();
        var chain = new Chain();
        var whole = chain.Run((n, x) => ResLoraMath.InputShortcut(x[n], x[Math.Max(0, n - 1)], chain.Lora[n], weight: Weight));
        var withOut = chain.Run((n, x) => ResLoraMath.InputShortcut(
            x[n], n == 2 ? x[1].detach() : x[Math.Max(0, n - 1)], chain.Lora[n], weight: Weight));

        var straight = GradientTerms.OfInput(whole.Delta[2], chain.Lora[2], Weight);

        AssertEqual(whole.Input[1] - withOut.Input[1], straight);
        Assert.True(straight.norm().item<double>() > 0.01, "there is nothing to tell apart");
    }

    [Fact]
    public void OfAAndOfB_InputShortcut_SumToAutogradsGradient()
    {
        using var scope = NewDisposeScope();
        var chain = new Chain();
        var run = chain.Run((n, x) => ResLoraMath.InputShortcut(x[n], x[Math.Max(0, n - 1)], chain.Lora[n], weight: Weight));

        var (a, b) = Sums(chain, run, (n, at) => at == n ? 1 : at == Math.Max(0, n - 1) ? Weight : 0, (n, at) => (n, n, at));

        Assert.All(Enumerable.Range(1, Layers - 1), n => AssertEqual(run.A[n], a[n]));
        Assert.All(Enumerable.Range(1, Layers - 1), n => AssertEqual(run.B[n], b[n]));
    }

    [Fact]
    public void OfAAndOfB_BlockShortcut_SumToAutogradsGradient()
    {
        using var scope = NewDisposeScope();
        var chain = new Chain();
        var run = chain.Run((n, x) => ResLoraMath.BlockShortcut(
            x[n], [.. Enumerable.Range(0, n + 1).Select(k => chain.Lora[n - k])], weight: Weight));

        var (a, b) = Sums(chain, run, (n, at) => at == n ? 1 : Weight, (n, at) => (at, at, n));

        Assert.All(Enumerable.Range(0, Layers), n => AssertEqual(run.A[n], a[n]));
        Assert.All(Enumerable.Range(0, Layers), n => AssertEqual(run.B[n], b[n]));
    }

    [Fact]
    public void OfAAndOfB_MiddleShortcut_SumToAutogradsGradient()
    {
        using var scope = NewDisposeScope();
        var chain = new Chain();
        var run = chain.Run((n, x) => ResLoraMath.MiddleShortcut(
            LoraMath.Down(x[n], chain.Lora[n]),
            [.. Enumerable.Range(1, n).Select(k => LoraMath.Down(x[n - k], chain.Lora[n - k]))],
            chain.Lora[n],
            Weight));

        var (a, b) = Sums(chain, run, (n, at) => at == n ? 1 : Weight, (n, at) => (n, at, at));

        Assert.All(Enumerable.Range(0, Layers), n => AssertEqual(run.A[n], a[n]));
        Assert.All(Enumerable.Range(0, Layers), n => AssertEqual(run.B[n], b[n]));
    }

    /// <summary>Σ over the products w · B_u A_v x_i of every layer's update, by hand.</summary>
    private static (Tensor[] A, Tensor[] B) Sums(
        Chain chain, Gradients run, Func<int, int, double> weight, Func<int, int, (int Up, int Down, int Input)> factors)
    {
        Tensor[] a = [.. chain.Lora.Select(pair => zeros_like(pair.A))], b = [.. chain.Lora.Select(pair => zeros_like(pair.B))];
        for (var n = 0; n < Layers; n++)
        {
            for (var at = 0; at <= n; at++)
            {
                var (up, down, input) = factors(n, at);
                var pair = new LoraPair(chain.Lora[down].A, chain.Lora[up].B, chain.Lora[n].Scaling);
                a[down] = a[down] + GradientTerms.OfA(run.Delta[n], run.X[input], pair, weight(n, at));
                b[up] = b[up] + GradientTerms.OfB(run.Delta[n], run.X[input], pair, weight(n, at));
            }
        }

        return (a, b);
    }

    private static void AssertEqual(Tensor expected, Tensor actual) =>
        Assert.InRange(TinyAdapters.Distance(expected, actual), 0, Tolerance);

    private sealed record Gradients(Tensor[] X, Tensor[] Delta, Tensor[] Input, Tensor[] A, Tensor[] B);

    /// <summary>h_n = W_n x_n + Δh_n, x_{n+1} = tanh h_n, and a loss of the last one; 5 tokens of width 4, rank 2.</summary>
    private sealed class Chain
    {
        private readonly Tensor _first;
        private readonly Tensor[] _weights;

        public Chain()
        {
            random.manual_seed(21);
            _first = GradientCheck.Leaf(5, 4);
            _weights = [.. Enumerable.Range(0, Layers).Select(_ => randn(4, 4, dtype: float64))];
            Lora = [.. Enumerable.Range(0, Layers).Select(_ => new LoraPair(GradientCheck.Leaf(2, 4), GradientCheck.Leaf(4, 2), 1.5))];
        }

        public LoraPair[] Lora { get; }

        public Gradients Run(Func<int, List<Tensor>, Tensor> update)
        {
            List<Tensor> x = [_first], h = [];
            for (var n = 0; n < Layers; n++)
            {
                h.Add(x[n].matmul(_weights[n].t()) + update(n, x));
                x.Add(h[n].tanh());
            }

            var found = autograd.grad(
                [x[Layers].square().sum()], [.. h, .. x.Take(Layers), .. Lora.Select(pair => pair.A), .. Lora.Select(pair => pair.B)]);
            Tensor[] Part(int index) => [.. found.Skip(index * Layers).Take(Layers)];
            return new Gradients([.. x.Take(Layers).Select(one => one.detach())], Part(0), Part(1), Part(2), Part(3));
        }
    }
}
