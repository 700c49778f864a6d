using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Bert;
using ResLora.Models.Llama;

namespace ResLora.Training.Memory;

/// <summary>
/// What libtorch's autograd keeps of the networks as they are written, operation by operation. An operation keeps what the gradient of an
/// input that needs one is computed from, so that a frozen linear layer keeps nothing. Letters: D hidden, F inside the MLP, H heads, K key
/// and value heads, E a head's size, w bytes of a number.
/// </summary>
internal static class EagerLayers
{
    private const int FloatBytes = 4;

    /// <summary>The layers of a model.</summary>
    /// <param name="model">The model; its weights may be on the meta device.</param>
    /// <param name="adapter">The adapter on it; null when the model itself is trained.</param>
    /// <param name="width">w.</param>
    public static IReadOnlyList<LayerMemory> Of(LanguageModel model, AdaptedModel? adapter, int width)
    {
        var blocks = LayerBlocks.Of(adapter, model.LayerCount, width);
        return model switch
        {
            LlamaModel llama => [.. blocks.Select(layer => Llama(llama.Config, layer, width))],
            BertModel bert => [.. blocks.Select(layer => Bert(bert.Config, layer, width))],
            _ => throw new InvalidOperationException($"There is no account of the memory of {model.GetType().Name}."),
        };
    }

    /// <summary>What the norm behind the last layer keeps, in bytes a token.</summary>
    public static long LastNorm(LanguageModel model, bool trainsBase) =>
        model is LlamaModel llama ? RootMeanSquare(llama.Config.HiddenSize, trainsBase) : 0;

    private static LayerMemory Llama(LlamaConfig config, LayerBlocks blocks, int width)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize, head = config.HeadSize;
        long queries = config.HeadCount * head, keys = config.KeyValueHeadCount * head;
        var norms = 2 * RootMeanSquare(hidden, blocks.TrainsBase)
            + (config.HeadNorm ? RootMeanSquare(queries, blocks.TrainsBase) + RootMeanSquare(keys, blocks.TrainsBase) : 0);
        var (attention, pairs) = Attention(queries, config.HeadCount, config.AttentionDropout, width);
        // silu keeps its input, the product both factors: gate(x), silu(gate(x)) and up(x).
        var mlp = 3 * inside * width;
        var (inputs, carried) = LlamaBlocks(config, blocks, isMixedKept: true);
        // The product's gradient and that of both its factors, beside the gradient of the residual stream and its sum.
        var passing = ((3 * inside) + (2 * hidden)) * width;
        return new LayerMemory((hidden * width) + carried, norms + attention + mlp + inputs, pairs, passing);
    }

    /// <summary>What the adapter blocks of a Llama's layer keep of their inputs, and what they carry into the next.</summary>
    /// <param name="config">The model's description.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="isMixedKept">Whether attention keeps its output anyway.</param>
    internal static (long Kept, long Carried) LlamaBlocks(LlamaConfig config, LayerBlocks blocks, bool isMixedKept)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize, queries = config.HeadCount * (long)config.HeadSize;
        return (
            blocks.Kept(hidden, false, "q_proj", "k_proj", "v_proj") + blocks.Kept(queries, isMixedKept, "o_proj")
                + blocks.Kept(hidden, false, "gate_proj", "up_proj") + blocks.Kept(inside, false, "down_proj"),
            blocks.Carried(hidden, "q_proj", "k_proj", "v_proj") + blocks.Carried(queries, "o_proj")
                + blocks.Carried(hidden, "gate_proj", "up_proj") + blocks.Carried(inside, "down_proj"));
    }

    /// <summary>
    /// The input in float32 (where it is that already, the input itself) and the inverse root; a trained weight keeps the normed input,
    /// too.
    /// </summary>
    private static long RootMeanSquare(long size, bool trained) => ((trained ? 2 : 1) * size * FloatBytes) + FloatBytes;

    private static LayerMemory Bert(BertConfig config, LayerBlocks blocks, int width)
    {
        long hidden = config.HiddenSize, inside = config.IntermediateSize;
        var (attention, pairs) = Attention(hidden, config.HeadCount, config.AttentionDropout, width);
        // Each norm keeps its input, mean and deviation; dropout before it keeps its factors.
        var norms = 2 * (((config.HiddenDropout > 0 ? 2 : 1) * hidden * width) + (2 * FloatBytes));
        var inputs = blocks.Kept(hidden, false, "query", "key", "value") + blocks.Kept(inside, false, "dense") + (inside * width);
        var carried = blocks.Carried(hidden, "query", "key", "value") + blocks.Carried(inside, "dense");
        return new LayerMemory((hidden * width) + carried, attention + norms + inputs, pairs, ((2 * inside) + (2 * hidden)) * width);
    }

    /// <summary>
    /// Attention keeps query, key and value, the latter two once for each query head, its output and the logarithm of each softmax's sum.
    /// With dropout it keeps its weights for each pair of tokens: the softmax, dropout's factors and their product.
    /// </summary>
    private static (long Kept, long Pairs) Attention(long size, int heads, double dropout, int width) =>
        dropout > 0 ? (3 * size * width, 3L * heads * width) : ((4 * size * width) + (heads * FloatBytes), 0);
}
