using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Llama;

/// <summary>What one forward pass shares between the layers: angles, mask and earlier positions.</summary>
/// <param name="Angles">Rotary angles of the new positions.</param>
/// <param name="Mask">[B or 1, 1, T, P + T] bool, or null for the plain causal mask.</param>
/// <param name="Cache">Earlier positions, or null.</param>
internal sealed record AttentionContext(RotaryAngles Angles, Tensor? Mask, KeyValueCache? Cache);

/// <summary>Self-attention with rotary positions and grouped keys and values.</summary>
internal sealed class LlamaAttention : Module
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

    public Tensor Forward(Tensor x, int layer, AttentionContext context)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var query = Heads(x, _query, _config.HeadCount, _queryNorm);         // [B, T, D] -> [B, H, T, E]
        var key = Heads(x, _key, _config.KeyValueHeadCount, _keyNorm);     // [B, T, D] -> [B, K, T, E]
        var value = Heads(x, _value, _config.KeyValueHeadCount, null);       // [B, T, D] -> [B, K, T, E]
        query = RotaryEmbedding.Rotate(query, context.Angles);
        key = RotaryEmbedding.Rotate(key, context.Angles);
        if (context.Cache is not null)
        {
            (key, value) = context.Cache.Append(layer, key, value);            // [B, K, P + T, E]
        }

        // A single query (one new token) sees every key: no mask at all, where several need the causal one.
        var causal = context.Mask is null && query.shape[2] > 1;
        var mixed = functional.scaled_dot_product_attention(
            query, PerQueryHead(key), PerQueryHead(value), context.Mask!, 0.0, causal);   // [B, H, T, E]
        var joined = mixed.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1);           // [B, T, H·E]
        return _output.call(joined).MoveToOuterDisposeScope();
    }

    private Tensor Heads(Tensor x, Module<Tensor, Tensor> projection, int heads, RmsNorm? norm)
    {
        var split = projection.call(x).view(x.shape[0], x.shape[1], heads, _config.HeadSize);   // [B, T, H, E]
        return (norm is null ? split : norm.call(split)).transpose(1, 2);
    }

    private Tensor PerQueryHead(Tensor x)   // [B, K, T, E] -> [B, H, T, E], each key head serving H/K query heads
    {
        var groups = _config.HeadCount / _config.KeyValueHeadCount;
        return groups == 1
            ? x
            : x.unsqueeze(2).expand(x.shape[0], x.shape[1], groups, x.shape[2], x.shape[3]).reshape(x.shape[0], -1, x.shape[2], x.shape[3]);
    }
}
