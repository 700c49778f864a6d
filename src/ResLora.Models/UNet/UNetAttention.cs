using ResLora.Models.Blocks;
using ResLora.Models.Diffusion;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>Each pixel's mixture of all pixels, or of a text.</summary>
internal sealed class UNetAttention : Module
{
    private readonly int _heads;
    private readonly bool _widens;
    [ComponentName(Name = "to_q")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "to_k")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "to_v")] private readonly Module<Tensor, Tensor> _value;
    [ComponentName(Name = "to_out")] private readonly AttentionOutput _output;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="width">D.</param>
    /// <param name="context">The width of what keys and values are made of.</param>
    /// <param name="heads">H.</param>
    /// <param name="widens">Whether scores are computed in float32 whatever the dtype is.</param>
    public UNetAttention(long width, long context, int heads, bool widens) : base(nameof(UNetAttention))
    {
        (_heads, _widens) = (heads, widens);
        _query = Slots.Linear(width, width, bias: false);
        _key = Slots.Linear(context, width, bias: false);
        _value = Slots.Linear(context, width, bias: false);
        _output = new AttentionOutput(width);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor context)   // [B, T, D], [B, S, Dc] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = (Heads(x, _query), Heads(context, _key), Heads(context, _value));   // [B, H, T, E], 2 x [B, H, S, E]
        if (_widens && query.dtype != ScalarType.Float32)
        {
            (query, key, value) = (query.to(float32), key.to(float32), value.to(float32));
        }

        var mixed = functional.scaled_dot_product_attention(query, key, value).to(x.dtype);   // [B, H, T, E]
        return _output.Forward(mixed.transpose(1, 2).reshape(x.shape)).MoveToOuterDisposeScope();   // [B, T, D]
    }

    private Tensor Heads(Tensor x, Module<Tensor, Tensor> projection) =>   // [B, T, D] -> [B, H, T, E]
        projection.call(x).view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2);
}
