using ResLora.Models.Blocks;
using ResLora.Models.Diffusion;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vae;

/// <summary>Every place's mixture of all places of the picture, by one head, added to the picture.</summary>
internal sealed class VaeAttention : Module
{
    [ComponentName(Name = "group_norm")] private readonly GroupNormalization _norm;
    [ComponentName(Name = "to_q")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "to_k")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "to_v")] private readonly Module<Tensor, Tensor> _value;
    [ComponentName(Name = "to_out")] private readonly AttentionOutput _output;

    public VaeAttention(VaeConfig config, int width) : base(nameof(VaeAttention))
    {
        _norm = new GroupNormalization(width, config.NormGroups, VaeModel.Epsilon);
        _query = Slots.Linear(width, width, bias: true);
        _key = Slots.Linear(width, width, bias: true);
        _value = Slots.Linear(width, width, bias: true);
        _output = new AttentionOutput(width);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, C, Y, X] -> the same
    {
        using var scope = NewDisposeScope();
        var tokens = _norm.call(x).flatten(2).transpose(1, 2);   // [B, C, Y, X] -> [B, Y · X, C]
        Tensor Head(Module<Tensor, Tensor> projection) => projection.call(tokens).unsqueeze(1);   // [B, T, C] -> [B, 1, T, C]
        var mixed = functional.scaled_dot_product_attention(Head(_query), Head(_key), Head(_value)).squeeze(1);   // [B, T, C]
        return (_output.Forward(mixed).transpose(1, 2).reshape(x.shape) + x).MoveToOuterDisposeScope();
    }
}
