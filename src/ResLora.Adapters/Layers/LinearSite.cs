using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Layers;

/// <summary>A linear layer: h = W x + b with x [..., Din].</summary>
/// <param name="name">The layer's dotted name.</param>
/// <param name="layer">The layer, borrowed.</param>
public sealed class LinearSite(string name, Linear layer) : LayerSite(name, layer)
{
    /// <inheritdoc />
    public override string Kind => "linear layer";

    /// <inheritdoc />
    public override Tensor Weight => layer.weight!;

    /// <inheritdoc />
    public override Tensor? Bias => layer.bias;

    /// <inheritdoc />
    public override long OutFeatures { get; } = layer.weight!.shape[0];

    /// <inheritdoc />
    public override long InFeatures { get; } = layer.weight!.shape[1];

    /// <inheritdoc />
    public override Tensor Product(Tensor input, Tensor weight) => nn.functional.linear(input, weight);   // [..., Din] -> [..., Dout]

    /// <inheritdoc />
    public override Tensor Down(Tensor input, Tensor a) => nn.functional.linear(input, a);   // [..., Din] -> [..., R]

    /// <inheritdoc />
    public override Tensor Up(Tensor low, Tensor b) => nn.functional.linear(low, b);   // [..., R] -> [..., Dout]

    /// <inheritdoc />
    public override long[] ShapeOfA(long rank) => [rank, InFeatures];

    /// <inheritdoc />
    public override long[] ShapeOfB(long rank) => [OutFeatures, rank];

    /// <inheritdoc />
    public override Tensor Matrix(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.alias();
    }

    /// <inheritdoc />
    public override Tensor OfMatrix(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return matrix.alias();
    }

    /// <inheritdoc />
    public override Tensor PerOutput(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.alias();
    }

    internal override bool HasTokens => true;

    internal override Tensor Rows(Tensor activations, Tensor? tokenMask) => TokenRows.Of(activations, tokenMask);

    /// <inheritdoc />
    public override (nn.Module<Tensor, Tensor> Layer, Parameter Weight) WithWeight(Tensor weight)
    {
        var plain = nn.Linear(InFeatures, OutFeatures, hasBias: layer.bias is not null, device: META);
        var parameter = Frozen(weight);
        plain.weight = parameter;
        if (layer.bias is not null)
        {
            plain.bias = layer.bias;
        }

        return (plain, parameter);
    }
}
