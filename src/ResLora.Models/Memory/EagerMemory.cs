namespace ResLora.Models.Memory;

/// <summary>
/// What libtorch's autograd keeps of operations as the networks write them. An operation keeps what the gradient of an input that needs one
/// is computed from, so that a frozen linear layer keeps nothing. Letters: D hidden, F inside the MLP, H heads, K key and value heads, E a
/// head's size, w bytes of a number.
/// </summary>
internal static class EagerMemory
{
    /// <summary>Bytes of a number in float32.</summary>
    public const int FloatBytes = 4;

    private const int NumbersForLogits = 3;

    /// <summary>
    /// Attention keeps query, key and value, the latter two once for each query head, its output and the logarithm of each softmax's sum.
    /// With dropout it keeps its weights for each pair of tokens: the softmax, dropout's factors and their product.
    /// </summary>
    /// <param name="size">H · E.</param>
    /// <param name="heads">H.</param>
    /// <param name="dropout">The probability of dropout.</param>
    /// <param name="width">w.</param>
    /// <returns>Bytes for each token, and for each pair of tokens.</returns>
    public static (long Kept, long Pairs) Attention(long size, int heads, double dropout, int width) =>
        dropout > 0 ? (3 * size * width, 3L * heads * width) : ((4 * size * width) + (heads * FloatBytes), 0);

    /// <summary>
    /// Attention as two products with a softmax between them keeps query, key and value, and the softmax for each pair of tokens; with
    /// dropout its factors and their product, too.
    /// </summary>
    /// <param name="size">H · E.</param>
    /// <param name="heads">H.</param>
    /// <param name="dropout">The probability of dropout.</param>
    /// <param name="width">w.</param>
    /// <returns>Bytes for each token, and for each pair of tokens.</returns>
    public static (long Kept, long Pairs) AttentionByProducts(long size, int heads, double dropout, int width) =>
        (3 * size * width, (dropout > 0 ? 3L : 1) * heads * width);

    /// <summary>
    /// A layer of an encoder: two norms, wherever they stand, keep their input, mean and deviation, dropout on what is added to the
    /// residual stream its factors, and the activation its input.
    /// </summary>
    /// <param name="hidden">D.</param>
    /// <param name="inside">F.</param>
    /// <param name="attention">What attention keeps.</param>
    /// <param name="dropout">The probability of dropout on hidden states.</param>
    /// <param name="width">w.</param>
    /// <param name="inputs">The linear layers, by what they read.</param>
    public static LayerAccount EncoderLayer(
        long hidden, long inside, (long Kept, long Pairs) attention, double dropout, int width, IReadOnlyList<LinearInput> inputs)
    {
        var norms = 2 * (((dropout > 0 ? 2 : 1) * hidden * width) + (2 * FloatBytes));
        var kept = attention.Kept + norms + (inside * width);
        return new LayerAccount(hidden * width, kept, attention.Pairs, ((2 * inside) + (2 * hidden)) * width, inputs);
    }

    /// <summary>The logits of so many predictions in float32, with what the loss and its gradient make of them.</summary>
    /// <param name="vocabulary">V.</param>
    /// <returns>Bytes for so many predictions.</returns>
    public static Func<long, long> Loss(long vocabulary) => targets => targets * vocabulary * NumbersForLogits * FloatBytes;
}
