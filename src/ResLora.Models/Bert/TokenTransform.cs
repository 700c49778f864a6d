using ResLora.Models.Blocks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>What both families do before the scores: norm(activation(linear(x))).</summary>
internal class TokenTransform : Module
{
    private readonly Func<Tensor, Tensor> _activation;
    private readonly Module<Tensor, Tensor> _dense;
    private readonly LayerNormalization _norm;

    public TokenTransform(BertConfig config) : base(nameof(TokenTransform))
    {
        // RoBERTa's head has GELU whatever the layers have.
        _activation = ActivationFunctions.Get(config.IsRoberta ? "gelu" : config.Activation);
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        register_module("dense", _dense);
        register_module(config.IsRoberta ? "layer_norm" : "LayerNorm", _norm);
    }

    /// <summary>The names depend on the family, so that the constructors give them.</summary>
    protected override void RegisterComponents()
    {
    }

    public Tensor Transform(Tensor hidden)   // [..., D] -> [..., D]
    {
        using var scope = NewDisposeScope();
        return _norm.call(_activation(_dense.call(hidden))).MoveToOuterDisposeScope();
    }
}
