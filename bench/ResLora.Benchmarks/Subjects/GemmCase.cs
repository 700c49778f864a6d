using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>One product with a frozen weight by itself: forward x · Wᵀ, or backward dy · W.</summary>
internal sealed class GemmCase : ProductCase
{
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

    /// <inheritdoc />
    public override double Flops { get; }

    /// <summary>The case without its dtype.</summary>
    public string Shape { get; }

    /// <inheritdoc />
    public override string Name => $"{DataType.ToString().ToLowerInvariant()} {Shape}";

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

    /// <inheritdoc />
    public override void Dispose()
    {
        _weight.Dispose();
        _input.Dispose();
    }

    /// <inheritdoc />
    protected override void Run()
    {
        using var noGradient = no_grad();
        using var result = _isBackward ? _input.matmul(_weight) : nn.functional.linear(_input, _weight);   // [N, D] -> [N, D']
    }
}
