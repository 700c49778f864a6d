using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Blocks;

/// <summary>Every token's mixture of all others, both ways: the queries, keys and values of encoders of texts and of pictures.</summary>
internal sealed class SelfAttention : Module
{
    private readonly int _heads;
    private readonly double _dropout;
    [ComponentName(Name = "query")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "key")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "value")] private readonly Module<Tensor, Tensor> _value;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">H.</param>
    /// <param name="dropout">Dropout on attention weights, in training only.</param>
    /// <param name="bias">Whether the three projections have biases.</param>
    public SelfAttention(long width, int heads, double dropout, bool bias) : base(nameof(SelfAttention))
    {
        (_heads, _dropout) = (heads, dropout);
        _query = Slots.Linear(width, width, bias);
        _key = Slots.Linear(width, width, bias);
        _value = Slots.Linear(width, width, bias);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)   // [B, T, D], [B, 1, 1, T] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var dropout = training ? _dropout : 0;
        var (query, key, value) = (Heads(x, _query), Heads(x, _key), Heads(x, _value));             // 3 x [B, H, T, E]
        var mixed = functional.scaled_dot_product_attention(query, key, value, mask!, dropout);     // [B, H, T, E]
        return mixed.transpose(1, 2).reshape(x.shape).MoveToOuterDisposeScope();                    // [B, T, D]
    }

    private Tensor Heads(Tensor x, Module<Tensor, Tensor> projection) =>   // [B, T, D] -> [B, H, T, E]
        projection.call(x).view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2);
}
