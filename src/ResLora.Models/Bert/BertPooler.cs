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

    /// <summary>The summary.</summary>
    /// <param name="hidden">[B, T, D], borrowed.</param>
    /// <param name="dtype">The dtype of the layer's weights: a pooler that was drawn anew is float32 whatever the others are.</param>
    public Tensor Forward(Tensor hidden, ScalarType dtype)   // [B, T, D] -> [B, D]
    {
        using var scope = NewDisposeScope();
        return _dense.call(hidden.select(1, 0).to(dtype)).tanh().MoveToOuterDisposeScope();   // [B, T, D] -> [B, D]
    }
}
