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
/// The work that training an adapter on q_proj and v_proj cannot avoid: the products with frozen weights. Forward it is every linear
/// layer and the head. Backward there is dx = dy · W only (frozen weights get no gradient), and none where dx leads nowhere: below the
/// first layer there is the frozen embedding, so that layer needs no dx of q, k and v. Attention, norms, the loss and the low-rank products
/// are not counted: what they cost shows as a lower rate.
/// </summary>
/// <param name="config">The model.</param>
internal sealed class FrozenProducts(LlamaConfig config)
{
    /// <summary>One layer's linear layers.</summary>
    public IReadOnlyList<FrozenProduct> OfLayer { get; } =
    [
        new("q_proj", config.HiddenSize, (long)config.HeadCount * config.HeadSize),
        new("k_proj", config.HiddenSize, (long)config.KeyValueHeadCount * config.HeadSize),
        new("v_proj", config.HiddenSize, (long)config.KeyValueHeadCount * config.HeadSize),
        new("o_proj", (long)config.HeadCount * config.HeadSize, config.HiddenSize),
        new("gate_proj", config.HiddenSize, config.IntermediateSize),
        new("up_proj", config.HiddenSize, config.IntermediateSize),
        new("down_proj", config.IntermediateSize, config.HiddenSize),
    ];

    /// <summary>The output head.</summary>
    public FrozenProduct Head { get; } = new("lm_head", config.HiddenSize, config.VocabularySize);

    /// <summary>Multiplications and additions of the forward pass.</summary>
    /// <param name="tokens">B · T.</param>
    /// <param name="predictions">N, the tokens that are predicted.</param>
    public double Forward(double tokens, double predictions) =>
        (config.LayerCount * OfLayer.Sum(product => product.Flops(tokens))) + Head.Flops(predictions);

    /// <summary>Multiplications and additions of the backward pass.</summary>
    /// <param name="tokens">B · T.</param>
    /// <param name="predictions">N, the tokens that are predicted.</param>
    public double Backward(double tokens, double predictions) =>
        Forward(tokens, predictions) - OfLayer.Where(product => product.Name is "q_proj" or "k_proj" or "v_proj").Sum(product => product.Flops(tokens));
}
