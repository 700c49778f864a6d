using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Diffusion;

/// <summary>The sizes of a <see cref="ResNetBlock"/>.</summary>
/// <param name="Inputs">Cin.</param>
/// <param name="Outputs">Cout.</param>
/// <param name="TimeWidth">The width of the time embedding; null for a block that knows no time.</param>
/// <param name="Groups">The groups of both norms.</param>
/// <param name="Epsilon">ε of both norms.</param>
internal sealed record ResNetShape(long Inputs, long Outputs, long? TimeWidth, long Groups, double Epsilon);

/// <summary>
/// Two convolutions of 3 x 3, each behind a norm and SiLU, whose sum with the input goes on. The time, where there is one, is added between
/// them, a number for each channel.
/// </summary>
internal sealed class ResNetBlock : Module
{
    [ComponentName(Name = "norm1")] private readonly Module<Tensor, Tensor> _norm1;
    [ComponentName(Name = "conv1")] private readonly Module<Tensor, Tensor> _conv1;
    [ComponentName(Name = "time_emb_proj")] private readonly Module<Tensor, Tensor>? _time;
    [ComponentName(Name = "norm2")] private readonly Module<Tensor, Tensor> _norm2;
    [ComponentName(Name = "conv2")] private readonly Module<Tensor, Tensor> _conv2;
    [ComponentName(Name = "conv_shortcut")] private readonly Module<Tensor, Tensor>? _shortcut;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="shape">The sizes.</param>
    public ResNetBlock(ResNetShape shape) : base(nameof(ResNetBlock))
    {
        _norm1 = new GroupNormalization(shape.Inputs, shape.Groups, shape.Epsilon);
        _conv1 = Slots.Convolution(shape.Inputs, shape.Outputs, kernel: 3, padding: 1);
        _time = shape.TimeWidth is { } width ? Slots.Linear(width, shape.Outputs, bias: true) : null;
        _norm2 = new GroupNormalization(shape.Outputs, shape.Groups, shape.Epsilon);
        _conv2 = Slots.Convolution(shape.Outputs, shape.Outputs, kernel: 3, padding: 1);
        _shortcut = shape.Inputs == shape.Outputs ? null : Slots.Convolution(shape.Inputs, shape.Outputs, kernel: 1);
        RegisterComponents();
    }

    /// <summary>Runs the block.</summary>
    /// <param name="x">[B, Cin, Y, X], borrowed.</param>
    /// <param name="time">The time embedding, [B, E], without its last SiLU; null for a block that knows no time. Borrowed.</param>
    /// <returns>New tensor [B, Cout, Y, X], owned by the caller.</returns>
    public Tensor Forward(Tensor x, Tensor? time = null)
    {
        using var scope = NewDisposeScope();
        var hidden = _conv1.call(functional.silu(_norm1.call(x)));              // [B, Cin, Y, X] -> [B, Cout, Y, X]
        if (_time is not null)
        {
            hidden += _time.call(functional.silu(time!)).unsqueeze(-1).unsqueeze(-1);   // [B, E] -> [B, Cout, 1, 1]
        }

        hidden = _conv2.call(functional.silu(_norm2.call(hidden)));
        return ((_shortcut is null ? x : _shortcut.call(x)) + hidden).MoveToOuterDisposeScope();
    }
}
