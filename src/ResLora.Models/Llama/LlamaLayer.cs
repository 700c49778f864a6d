using ResLora.Models.Blocks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Llama;

/// <summary>The gated MLP: down(silu(gate(x)) ⊙ up(x)).</summary>
internal sealed class LlamaMlp : Module
{
    private readonly Module<Tensor, Tensor> _gate;
    private readonly Module<Tensor, Tensor> _up;
    private readonly Module<Tensor, Tensor> _down;

    public LlamaMlp(LlamaConfig config) : base(nameof(LlamaMlp))
    {
        _gate = Slots.Linear(this, "gate_proj", config.HiddenSize, config.IntermediateSize, config.MlpBias);
        _up = Slots.Linear(this, "up_proj", config.HiddenSize, config.IntermediateSize, config.MlpBias);
        _down = Slots.Linear(this, "down_proj", config.IntermediateSize, config.HiddenSize, config.MlpBias);
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var gate = functional.silu(_gate.call(x));   // [B, T, F]
        var up = _up.call(x);                        // [B, T, F]
        return _down.call(gate * up).MoveToOuterDisposeScope();
    }
}

/// <summary>One decoder layer: attention and MLP, each behind a norm and beside the residual stream.</summary>
internal sealed class LlamaLayer : Module
{
    private readonly int _index;
    private readonly LlamaAttention _attention;
    private readonly LlamaMlp _mlp;
    private readonly RmsNorm _attentionNorm;
    private readonly RmsNorm _mlpNorm;

    public LlamaLayer(LlamaConfig config, int index) : base(nameof(LlamaLayer))
    {
        _index = index;
        _attention = Slots.Register(this, "self_attn", new LlamaAttention(config));
        _mlp = Slots.Register(this, "mlp", new LlamaMlp(config));
        _attentionNorm = Slots.Register(this, "input_layernorm", new RmsNorm(config.HiddenSize, config.NormEpsilon));
        _mlpNorm = Slots.Register(this, "post_attention_layernorm", new RmsNorm(config.HiddenSize, config.NormEpsilon));
    }

    public Tensor Forward(Tensor x, AttentionContext context)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var attended = x + _attention.Forward(_attentionNorm.call(x), _index, context);
        return (attended + _mlp.Forward(_mlpNorm.call(attended))).MoveToOuterDisposeScope();
    }
}
