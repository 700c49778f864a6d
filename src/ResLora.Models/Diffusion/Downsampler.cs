using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Diffusion;

/// <summary>Where zeros stand around a picture that is halved.</summary>
internal enum DownsamplePadding
{
    /// <summary>One on every side, as in UNets.</summary>
    Around,

    /// <summary>One at the right and one below, as in the encoders of pictures.</summary>
    RightAndBelow,
}

/// <summary>Halves a picture by a convolution of 3 x 3 in steps of two.</summary>
internal sealed class Downsampler : Module
{
    private readonly DownsamplePadding _padding;
    [ComponentName(Name = "conv")] private readonly Module<Tensor, Tensor> _conv;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="channels">C.</param>
    /// <param name="padding">Where zeros stand.</param>
    public Downsampler(long channels, DownsamplePadding padding) : base(nameof(Downsampler))
    {
        _padding = padding;
        _conv = Slots.Convolution(channels, channels, kernel: 3, stride: 2, padding: padding == DownsamplePadding.Around ? 1 : 0);
        RegisterComponents();
    }

    /// <summary>Runs the module.</summary>
    /// <param name="x">[B, C, Y, X], borrowed.</param>
    /// <returns>New tensor [B, C, ⌈Y / 2⌉, ⌈X / 2⌉] (rounded down for <see cref="DownsamplePadding.RightAndBelow"/>), owned by the
    /// caller.</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var padded = _padding == DownsamplePadding.Around ? x : functional.pad(x, [0, 1, 0, 1]);   // [B, C, Y + 1, X + 1]
        return _conv.call(padded).MoveToOuterDisposeScope();
    }
}
