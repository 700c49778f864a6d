using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Clip;

/// <summary>
/// Every token's mixture of itself and those before it. What fills up a text is a token like any other: there is no mask for it.
/// </summary>
internal sealed class ClipTextAttention : Module
{
    private readonly ClipTextConfig _config;
    [ComponentName(Name = "q_proj")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "k_proj")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "v_proj")] private readonly Module<Tensor, Tensor> _value;
    [ComponentName(Name = "out_proj")] private readonly Module<Tensor, Tensor> _output;

    public ClipTextAttention(ClipTextConfig config) : base(nameof(ClipTextAttention))
    {
        _config = config;
        // Registered in the order in which they are called, which is the network's order of execution.
        _query = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _key = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _value = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _output = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = (Heads(x, _query), Heads(x, _key), Heads(x, _value));            // 3 x [B, H, T, E]
        var dropout = training ? _config.AttentionDropout : 0;
        var mixed = functional.scaled_dot_product_attention(query, key, value, p: dropout, is_casual: true);   // [B, H, T, E]
        return _output.call(mixed.transpose(1, 2).reshape(x.shape)).MoveToOuterDisposeScope();     // [B, T, D]
    }

    private Tensor Heads(Tensor x, Module<Tensor, Tensor> projection) =>   // [B, T, D] -> [B, H, T, E]
        projection.call(x).view(x.shape[0], x.shape[1], _config.HeadCount, -1).transpose(1, 2);
}

/// <summary>Two linear layers with the activation between them.</summary>
internal sealed class ClipTextMlp : Module
{
    private readonly Func<Tensor, Tensor> _activation;
    [ComponentName(Name = "fc1")] private readonly Module<Tensor, Tensor> _inner;
    [ComponentName(Name = "fc2")] private readonly Module<Tensor, Tensor> _outer;

    public ClipTextMlp(ClipTextConfig config) : base(nameof(ClipTextMlp))
    {
        _activation = ActivationFunctions.Get(config.Activation);
        _inner = Slots.Linear(config.HiddenSize, config.IntermediateSize, bias: true);
        _outer = Slots.Linear(config.IntermediateSize, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, F] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return _outer.call(_activation(_inner.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention and MLP, each with a norm before it.</summary>
internal sealed class ClipTextLayer : Module
{
    [ComponentName(Name = "layer_norm1")] private readonly LayerNormalization _before;
    [ComponentName(Name = "self_attn")] private readonly ClipTextAttention _attention;
    [ComponentName(Name = "layer_norm2")] private readonly LayerNormalization _after;
    [ComponentName(Name = "mlp")] private readonly ClipTextMlp _mlp;

    public ClipTextLayer(ClipTextConfig config) : base(nameof(ClipTextLayer))
    {
        _before = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        _attention = new ClipTextAttention(config);
        _after = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        _mlp = new ClipTextMlp(config);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var attended = x + _attention.Forward(_before.call(x));
        return (attended + _mlp.Forward(_after.call(attended))).MoveToOuterDisposeScope();
    }
}
