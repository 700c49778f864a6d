using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Diffusion;

/// <summary>The projection behind attention: what checkpoints name <c>to_out.0</c>.</summary>
internal sealed class AttentionOutput : Module
{
    [ComponentName(Name = "0")] private readonly Module<Tensor, Tensor> _projection;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="width">D.</param>
    public AttentionOutput(long width) : base(nameof(AttentionOutput))
    {
        _projection = Slots.Linear(width, width, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x) => _projection.call(x);   // [B, T, D] -> the same
}
