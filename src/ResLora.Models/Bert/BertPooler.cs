using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>BERT's summary of a text: tanh of a linear layer on the first token.</summary>
internal sealed class BertPooler : Module
{
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;

    public BertPooler(BertConfig config) : base(nameof(BertPooler))
    {
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden)   // [B, T, D] -> [B, D]
    {
        using var scope = NewDisposeScope();
        var first = hidden.select(1, 0).to(parameters().First().dtype);   // [B, T, D] -> [B, D]; a new pooler is float32
        return _dense.call(first).tanh().MoveToOuterDisposeScope();
    }
}
