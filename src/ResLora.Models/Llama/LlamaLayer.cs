using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Llama;

/// <summary>The gated MLP: down(silu(gate(x)) ⊙ up(x)).</summary>
internal sealed class LlamaMlp : Module, IFusedPart
{
    [ComponentName(Name = "gate_proj")] private readonly Module<Tensor, Tensor> _gate;
    [ComponentName(Name = "up_proj")] private readonly Module<Tensor, Tensor> _up;
    [ComponentName(Name = "down_proj")] private readonly Module<Tensor, Tensor> _down;

    public LlamaMlp(LlamaConfig config) : base(nameof(LlamaMlp))
    {
        _gate = Slots.Linear(config.HiddenSize, config.IntermediateSize, config.MlpBias);
        _up = Slots.Linear(config.HiddenSize, config.IntermediateSize, config.MlpBias);
        _down = Slots.Linear(config.IntermediateSize, config.HiddenSize, config.MlpBias);
        RegisterComponents();
    }

    /// <inheritdoc />
    public bool UsesFusedKernels { get; set; } = true;

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var gate = _gate.call(x);   // [B, T, D] -> [B, T, F]
        var up = _up.call(x);       // [B, T, D] -> [B, T, F]
        var gated = UsesFusedKernels && FusedKernels.Fit(gate) ? FusedGate.Apply(gate, up) : functional.silu(gate) * up;
        return _down.call(gated).MoveToOuterDisposeScope();   // [B, T, F] -> [B, T, D]
    }
}

/// <summary>One decoder layer: attention and MLP, each behind a norm and beside the residual stream.</summary>
internal sealed class LlamaLayer : Module
{
    private readonly int _index;
    [ComponentName(Name = "self_attn")] private readonly LlamaAttention _attention;
    [ComponentName(Name = "mlp")] private readonly LlamaMlp _mlp;
    [ComponentName(Name = "input_layernorm")] private readonly RmsNorm _attentionNorm;
    [ComponentName(Name = "post_attention_layernorm")] private readonly RmsNorm _mlpNorm;

    public LlamaLayer(LlamaConfig config, int index) : base(nameof(LlamaLayer))
    {
        _index = index;
        _attention = new LlamaAttention(config);
        _mlp = new LlamaMlp(config);
        _attentionNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon);
        _mlpNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, AttentionContext context)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var attended = x + _attention.Forward(_attentionNorm.call(x), _index, context);
        return (attended + _mlp.Forward(_mlpNorm.call(attended))).MoveToOuterDisposeScope();
    }
}
