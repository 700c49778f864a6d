using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Blocks;

/// <summary>The first half of an encoder's MLP: activation(linear(x)).</summary>
internal sealed class ActivatedLinear : Module
{
    private readonly Func<Tensor, Tensor> _activation;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="inputs">D.</param>
    /// <param name="outputs">F.</param>
    /// <param name="activation">One of <see cref="ActivationFunctions.Names"/>.</param>
    public ActivatedLinear(long inputs, long outputs, string activation) : base(nameof(ActivatedLinear))
    {
        _activation = ActivationFunctions.Get(activation);
        _dense = Slots.Linear(inputs, outputs, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, F]
    {
        using var scope = NewDisposeScope();
        return _activation(_dense.call(x)).MoveToOuterDisposeScope();
    }
}
