using ResLora.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Layers;

/// <summary>
/// An embedding, which gives a row of its weight [V, D] for every id: W is that weight transposed, [D, V], and an id stands for the input
/// that is 1 in its place and 0 elsewhere.
/// </summary>
/// <param name="name">The layer's dotted name.</param>
/// <param name="layer">The layer, borrowed: an <see cref="ILookupLayer"/> or TorchSharp's own.</param>
public sealed class EmbeddingSite(string name, nn.Module<Tensor, Tensor> layer) : LayerSite(name, layer)
{
    private readonly long[] _shape = WeightOf(layer).shape;

    /// <inheritdoc />
    public override string Kind => "embedding";

    /// <inheritdoc />
    public override Tensor Weight => WeightOf(Layer);

    /// <inheritdoc />
    public override Tensor? Bias => null;

    /// <inheritdoc />
    public override long OutFeatures => _shape[1];

    /// <inheritdoc />
    public override long InFeatures => _shape[0];

    /// <inheritdoc />
    public override string Geometry => "of ids";

    /// <inheritdoc />
    public override string NameOfA => "lora_embedding_A";

    /// <inheritdoc />
    public override string NameOfB => "lora_embedding_B";

    internal override bool HasTokens => true;

    /// <inheritdoc />
    public override string? WhyNot(ShortcutKind kind) =>
        ShortcutTraits.Of(kind).AddsInputs ? "the input shortcut adds the inputs of layers, and an embedding's are ids" : null;

    /// <inheritdoc />
    public override Tensor Product(Tensor input, Tensor weight)   // [...] ids -> [..., D]
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        using var scope = NewDisposeScope();
        return weight.index_select(0, input.flatten()).view([.. input.shape, -1]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor Down(Tensor input, Tensor a)   // [...] ids, [R, V] -> [..., R]
    {
        ArgumentNullException.ThrowIfNull(a);
        using var rows = a.t();
        return Product(input, rows);
    }

    /// <inheritdoc />
    // Ids have no dtype that the factors could follow, so that the sum would be float32.
    public override Tensor Up(Tensor low, Tensor b)   // [..., R] -> [..., D]
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(low, b).to(Weight.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override long[] ShapeOfA(long rank) => [rank, InFeatures];

    /// <inheritdoc />
    public override long[] ShapeOfB(long rank) => [OutFeatures, rank];

    /// <inheritdoc />
    // As PEFT begins: here A is 0 and B is drawn.
    public override (Tensor A, Tensor B) Initial(int rank, Generator generator) =>
        (zeros(ShapeOfA(rank), dtype: float32), randn(ShapeOfB(rank), dtype: float32, generator: generator));

    /// <inheritdoc />
    public override Tensor Matrix(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.t();   // [V, D] -> [D, V]
    }

    /// <inheritdoc />
    public override Tensor OfMatrix(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        using var view = matrix.t();
        return view.contiguous();   // [D, V] -> [V, D]
    }

    /// <inheritdoc />
    public override Tensor PerOutput(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.alias();
    }

    internal override Tensor Rows(Tensor activations, Tensor? tokenMask)
    {
        if (activations.is_floating_point())
        {
            return TokenRows.Of(activations, tokenMask);
        }

        using var scope = NewDisposeScope();
        return TokenRows.Of(activations.unsqueeze(-1), tokenMask).squeeze(-1).MoveToOuterDisposeScope();   // [B, T] -> [N]
    }

    internal override Tensor Measured(Tensor input) => ones(input.shape, device: input.device).unsqueeze(-1);   // [B, T] -> [B, T, 1]

    /// <inheritdoc />
    public override (nn.Module<Tensor, Tensor> Layer, Parameter Weight) WithWeight(Tensor weight)
    {
        var rows = Frozen(weight);
        return (Layer is ILookupLayer lookup ? lookup.With(rows) : nn.Embedding_from_pretrained(rows), rows);
    }

    private static Parameter WeightOf(nn.Module layer) => layer is ILookupLayer lookup ? lookup.Weight : ((Embedding)layer).weight!;
}
