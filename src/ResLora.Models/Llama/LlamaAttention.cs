using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Llama;

/// <summary>What one forward pass shares between the layers: angles, mask and earlier positions.</summary>
/// <param name="Angles">Rotary angles of the new positions.</param>
/// <param name="Mask">[B or 1, 1, T, P + T] bool, or null for the plain causal mask. For packed texts, the mask of the longest.</param>
/// <param name="Cache">Earlier positions, or null.</param>
/// <param name="Packed">The tokens of each text when the row holds several, or null.</param>
internal sealed record AttentionContext(RotaryAngles Angles, Tensor? Mask, KeyValueCache? Cache, IReadOnlyList<int>? Packed);

/// <summary>Self-attention with rotary positions and grouped keys and values.</summary>
internal sealed class LlamaAttention : Module, IFusedPart
{
    private readonly LlamaConfig _config;
    [ComponentName(Name = "q_proj")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "k_proj")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "v_proj")] private readonly Module<Tensor, Tensor> _value;
    [ComponentName(Name = "o_proj")] private readonly Module<Tensor, Tensor> _output;
    [ComponentName(Name = "q_norm")] private readonly RmsNorm? _queryNorm;
    [ComponentName(Name = "k_norm")] private readonly RmsNorm? _keyNorm;

    public LlamaAttention(LlamaConfig config) : base(nameof(LlamaAttention))
    {
        _config = config;
        var (queryWidth, keyWidth) = (config.HeadCount * config.HeadSize, config.KeyValueHeadCount * config.HeadSize);
        _query = Slots.Linear(config.HiddenSize, queryWidth, config.QueryKeyValueBias);
        _key = Slots.Linear(config.HiddenSize, keyWidth, config.QueryKeyValueBias);
        _value = Slots.Linear(config.HiddenSize, keyWidth, config.QueryKeyValueBias);
        _output = Slots.Linear(queryWidth, config.HiddenSize, config.OutputBias);
        if (config.HeadNorm)
        {
            _queryNorm = new RmsNorm(config.HeadSize, config.NormEpsilon);
            _keyNorm = new RmsNorm(config.HeadSize, config.NormEpsilon);
        }

        RegisterComponents();
    }

    /// <inheritdoc />
    public bool UsesFusedKernels { get; set; } = true;

    public Tensor Forward(Tensor x, int layer, AttentionContext context)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var query = Normed(_query.call(x), _queryNorm);   // [B, T, D] -> [B, T, H·E]
        var key = Normed(_key.call(x), _keyNorm);         // [B, T, D] -> [B, T, K·E]
        var value = _value.call(x);                       // [B, T, D] -> [B, T, K·E]
        var fits = UsesFusedKernels && context is { Mask: null, Cache: null } && Dropout == 0
            && FusedAttention.Fits(query, _config.HeadSize);
        var mixed = fits ? Fused(query, key, value, context) : Plain(query, key, value, layer, context);
        return _output.call(mixed).MoveToOuterDisposeScope();   // [B, T, H·E] -> [B, T, D]
    }

    private Tensor Fused(Tensor query, Tensor key, Tensor value, AttentionContext context)
    {
        var (batch, count) = (query.shape[0], query.shape[1]);
        var lengths = context.Packed ?? [.. Enumerable.Repeat((int)count, (int)batch)];
        var mixed = FusedAttention.Apply(
            // [B·T, H·E]
            query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1), context.Angles.Cos, context.Angles.Sin, _config.HeadSize, lengths);
        return mixed.view(batch, count, -1);
    }

    private Tensor Plain(Tensor queries, Tensor keys, Tensor values, int layer, AttentionContext context)
    {
        var query = RotaryEmbedding.Rotate(ByHead(queries, _config.HeadCount), context.Angles);       // [B, H, T, E]
        var key = RotaryEmbedding.Rotate(ByHead(keys, _config.KeyValueHeadCount), context.Angles);    // [B, K, T, E]
        var value = ByHead(values, _config.KeyValueHeadCount);                                         // [B, K, T, E]
        if (context.Cache is not null)
        {
            (key, value) = context.Cache.Append(layer, key, value);   // [B, K, P + T, E]
        }

        var mixed = context.Packed is null
            ? Attend(query, PerQueryHead(key), PerQueryHead(value), context.Mask)
            : AttendPacked(query, PerQueryHead(key), PerQueryHead(value), context.Mask, context.Packed);
        return mixed.transpose(1, 2).reshape(queries.shape);          // [B, H, T, E] -> [B, T, H·E]
    }

    private double Dropout => training ? _config.AttentionDropout : 0;

    private Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? mask)   // [B, H, T, E]
    {
        // A single query (one new token) sees every key: no mask at all, where several need the causal one.
        var causal = mask is null && query.shape[2] > 1;
        return functional.scaled_dot_product_attention(query, key, value, mask!, Dropout, causal);
    }

    private Tensor AttendPacked(Tensor query, Tensor key, Tensor value, Tensor? mask, IReadOnlyList<int> lengths)   // [1, H, T, E]
    {
        var texts = new List<Tensor>();
        var start = 0L;
        foreach (var length in lengths)
        {
            var own = mask?.narrow(2, 0, length).narrow(3, 0, length);
            texts.Add(Attend(query.narrow(2, start, length), key.narrow(2, start, length), value.narrow(2, start, length), own));
            start += length;
        }

        return cat(texts, dim: 2);
    }

    private Tensor Normed(Tensor x, RmsNorm? norm) =>   // [B, T, H·E]
        norm is null ? x : norm.call(x.view(x.shape[0], x.shape[1], -1, _config.HeadSize)).view(x.shape);

    private Tensor ByHead(Tensor x, int heads) =>       // [B, T, H·E] -> [B, H, T, E]
        x.view(x.shape[0], x.shape[1], heads, _config.HeadSize).transpose(1, 2);

    private Tensor PerQueryHead(Tensor x)   // [B, K, T, E] -> [B, H, T, E], each key head serving H/K query heads
    {
        var groups = _config.HeadCount / _config.KeyValueHeadCount;
        return groups == 1
            ? x
            : x.unsqueeze(2).expand(x.shape[0], x.shape[1], groups, x.shape[2], x.shape[3]).reshape(x.shape[0], -1, x.shape[2], x.shape[3]);
    }
}
