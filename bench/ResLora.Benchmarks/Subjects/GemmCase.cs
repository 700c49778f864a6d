using ResLora.Benchmarks.Measuring;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>One product with a frozen weight by itself: forward x · Wᵀ, or backward dy · W.</summary>
internal sealed class GemmCase : IDisposable
{
    // A timing takes at least about as long as this many operations do.
    private const double FlopsOfATiming = 1e10;
    private static readonly bool[] _directions = [false, true];
    private readonly Tensor _weight;
    private readonly Tensor _input;
    private readonly bool _isBackward;

    private GemmCase(string projections, FrozenProduct product, long tokens, ScalarType dtype, bool isBackward)
    {
        (DataType, _isBackward) = (dtype, isBackward);
        Shape = $"{projections} {product.In}→{product.Out} {(isBackward ? "backward" : "forward")}";
        Flops = product.Flops(tokens);
        using var scope = NewDisposeScope();
        _weight = (randn(product.Out, product.In) * 0.02).to(dtype).DetachFromDisposeScope();
        _input = randn(tokens, isBackward ? product.Out : product.In).to(dtype).DetachFromDisposeScope();
    }

    /// <summary>Its dtype.</summary>
    public ScalarType DataType { get; }

    /// <summary>Multiplications and additions of one run.</summary>
    public double Flops { get; }

    /// <summary>How many such products a training step makes.</summary>
    public required int InStep { get; init; }

    /// <summary>The case without its dtype.</summary>
    public string Shape { get; }

    /// <summary>Its name.</summary>
    public string Name => $"{DataType.ToString().ToLowerInvariant()} {Shape}";

    /// <summary>What is timed.</summary>
    public Contender Contender => new(Name, Run) { Repeats = (int)Math.Max(1, Math.Ceiling(FlopsOfATiming / Flops)) };

    /// <summary>The frozen products of a layer, each shape once, forward and backward.</summary>
    /// <param name="products">The layer's products.</param>
    /// <param name="tokens">B · T.</param>
    /// <param name="dtypes">The dtypes.</param>
    /// <returns>The cases, owned by the caller.</returns>
    public static IReadOnlyList<GemmCase> Of(FrozenProducts products, long tokens, params IReadOnlyList<ScalarType> dtypes) =>
    [
        .. from alike in products.OfLayer.GroupBy(p => (p.In, p.Out))
           let projections = string.Join(" ", alike.Select(p => p.Name.Split('_')[0]))
           from isBackward in _directions
           from dtype in dtypes
           select new GemmCase(projections, alike.First(), tokens, dtype, isBackward) { InStep = products.InStep(alike, isBackward) },
    ];

    /// <summary>The product of the output head, forward and backward.</summary>
    /// <param name="products">The network's products.</param>
    /// <param name="predictions">N, the tokens that are predicted.</param>
    /// <param name="dtype">The dtype.</param>
    /// <returns>The cases, owned by the caller.</returns>
    public static IReadOnlyList<GemmCase> OfHead(FrozenProducts products, long predictions, ScalarType dtype) =>
        [.. _directions.Select(isBackward => new GemmCase("head", products.Head, predictions, dtype, isBackward) { InStep = 1 })];

    /// <summary>GFLOP/s of its times.</summary>
    public Spread Rate(Spread milliseconds) => milliseconds.Gflops(Flops);

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        _weight.Dispose();
        _input.Dispose();
    }

    private void Run()
    {
        using var noGradient = no_grad();
        using var result = _isBackward ? _input.matmul(_weight) : nn.functional.linear(_input, _weight);   // [N, D] -> [N, D']
    }
}
