using ResLora.Models;
using ResLora.Models.Llama;

namespace ResLora.Benchmarks.Subjects;

/// <summary>A product with a frozen weight.</summary>
/// <param name="Name">The projection.</param>
/// <param name="In">Din.</param>
/// <param name="Out">Dout.</param>
internal sealed record FrozenProduct(string Name, long In, long Out)
{
    /// <summary>Multiplications and additions for some tokens, in either direction: x · Wᵀ as well as dy · W.</summary>
    public double Flops(double tokens) => 2.0 * In * Out * tokens;
}

/// <summary>
/// The work that training an adapter on projections of queries and values cannot avoid: the products with frozen weights. Forward it is
/// every linear layer and the head. Backward there is dx = dy · W only (frozen weights get no gradient), and none where dx leads nowhere:
/// below the first layer there is the frozen embedding, so that layer needs no dx of its first products. Attention, norms, the loss and the
/// low-rank products are not counted: what they cost shows as a lower rate.
/// </summary>
/// <param name="layers">How many layers.</param>
/// <param name="first">The products of a layer that read its input.</param>
/// <param name="others">The layer's other products.</param>
/// <param name="head">The output head.</param>
internal sealed class FrozenProducts(
    int layers, IReadOnlyList<FrozenProduct> first, IReadOnlyList<FrozenProduct> others, FrozenProduct head)
{
    /// <summary>Those of a Llama.</summary>
    /// <param name="config">The model.</param>
    public FrozenProducts(LlamaConfig config) : this(
        config.LayerCount,
        [
            new("q_proj", config.HiddenSize, (long)config.HeadCount * config.HeadSize),
            new("k_proj", config.HiddenSize, (long)config.KeyValueHeadCount * config.HeadSize),
            new("v_proj", config.HiddenSize, (long)config.KeyValueHeadCount * config.HeadSize),
        ],
        [
            new("o_proj", (long)config.HeadCount * config.HeadSize, config.HiddenSize),
            new("gate_proj", config.HiddenSize, config.IntermediateSize),
            new("up_proj", config.HiddenSize, config.IntermediateSize),
            new("down_proj", config.IntermediateSize, config.HiddenSize),
        ],
        new("lm_head", config.HiddenSize, config.VocabularySize))
    {
    }

    /// <summary>Those of a vision transformer, but for the parts' embedding and the gradient of the head's weights.</summary>
    /// <param name="shape">The network.</param>
    public FrozenProducts(ImageNetworkShape shape) : this(
        shape.Layers,
        [new("query", shape.Hidden, shape.Hidden), new("key", shape.Hidden, shape.Hidden), new("value", shape.Hidden, shape.Hidden)],
        [
            new("output", shape.Hidden, shape.Hidden),
            new("up", shape.Hidden, shape.Intermediate),
            new("down", shape.Intermediate, shape.Hidden),
        ],
        new("classifier", shape.Hidden, shape.Head.Outputs))
    {
    }

    /// <summary>One layer's linear layers.</summary>
    public IReadOnlyList<FrozenProduct> OfLayer { get; } = [.. first, .. others];

    /// <summary>The output head.</summary>
    public FrozenProduct Head => head;

    /// <summary>How many of some products of a layer a step makes in all layers.</summary>
    /// <param name="alike">Products of <see cref="OfLayer"/>.</param>
    /// <param name="isBackward">Those of the backward pass.</param>
    public int InStep(IEnumerable<FrozenProduct> alike, bool isBackward) =>
        alike.Sum(product => isBackward && first.Contains(product) ? layers - 1 : layers);

    /// <summary>Multiplications and additions of the forward pass.</summary>
    /// <param name="tokens">B · T.</param>
    /// <param name="predictions">N, the tokens that are predicted.</param>
    public double Forward(double tokens, double predictions) =>
        (layers * OfLayer.Sum(product => product.Flops(tokens))) + Head.Flops(predictions);

    /// <summary>Multiplications and additions of the backward pass.</summary>
    /// <param name="tokens">B · T.</param>
    /// <param name="predictions">N, the tokens that are predicted.</param>
    public double Backward(double tokens, double predictions) =>
        Forward(tokens, predictions) - first.Sum(product => product.Flops(tokens));
}
