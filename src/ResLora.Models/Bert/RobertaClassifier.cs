using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>RoBERTa's classifier: dropout, linear, tanh, dropout, linear, on the first token.</summary>
internal sealed class RobertaClassifier : Module
{
    private readonly double _dropout;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;
    [ComponentName(Name = "out_proj")] private readonly Module<Tensor, Tensor> _output;

    public RobertaClassifier(BertConfig config, int outputs) : base(nameof(RobertaClassifier))
    {
        _dropout = config.ClassifierDropout;
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _output = Blocks.Slots.Linear(config.HiddenSize, outputs, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden)   // [B, T, D] -> [B, N]
    {
        using var scope = NewDisposeScope();
        var first = functional.dropout(hidden.select(1, 0).to(float32), _dropout, training);   // [B, T, D] -> [B, D]
        var inner = functional.dropout(_dense.call(first).tanh(), _dropout, training);          // [B, D]
        return _output.call(inner).MoveToOuterDisposeScope();                                    // [B, D] -> [B, N]
    }
}
