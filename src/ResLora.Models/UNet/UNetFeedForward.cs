using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>A linear layer whose output is half values, half gates: value · gelu(gate).</summary>
/// <remarks>Shazeer, arXiv:2002.05202, equation 6 (GEGLU).</remarks>
internal sealed class GatedLinear : Module
{
    [ComponentName(Name = "proj")] private readonly Module<Tensor, Tensor> _projection;

    public GatedLinear(long inputs, long outputs) : base(nameof(GatedLinear))
    {
        _projection = Slots.Linear(inputs, 2 * outputs, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, F]
    {
        using var scope = NewDisposeScope();
        var both = _projection.call(x).chunk(2, dim: -1);
        return (both[0] * functional.gelu(both[1])).MoveToOuterDisposeScope();
    }
}

/// <summary>The two halves of the MLP: what checkpoints name <c>net.0</c> and <c>net.2</c>.</summary>
internal sealed class UNetFeedForwardNet : Module
{
    public UNetFeedForwardNet(long width) : base(nameof(UNetFeedForwardNet))
    {
        Gate = new GatedLinear(width, 4 * width);
        Exit = Slots.Linear(4 * width, width, bias: true);
        RegisterComponents();
    }

    [field: ComponentName(Name = "0")]
    public GatedLinear Gate { get; }

    [field: ComponentName(Name = "2")]
    public Module<Tensor, Tensor> Exit { get; private set; }
}

/// <summary>The MLP of a transformer layer.</summary>
internal sealed class UNetFeedForward : Module
{
    [ComponentName(Name = "net")] private readonly UNetFeedForwardNet _net;

    public UNetFeedForward(long width) : base(nameof(UNetFeedForward))
    {
        _net = new UNetFeedForwardNet(width);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return _net.Exit.call(_net.Gate.Forward(x)).MoveToOuterDisposeScope();
    }
}
