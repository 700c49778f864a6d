using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Diffusion;

/// <summary>Doubles a picture by repeating pixels, with a convolution of 3 x 3 behind it.</summary>
internal sealed class Upsampler : Module
{
    [ComponentName(Name = "conv")] private readonly Module<Tensor, Tensor> _conv;

    /// <summary>Creates the module with weights on the meta device.</summary>
    /// <param name="channels">C.</param>
    public Upsampler(long channels) : base(nameof(Upsampler))
    {
        _conv = Slots.Convolution(channels, channels, kernel: 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>Runs the module.</summary>
    /// <param name="x">[B, C, Y, X], borrowed.</param>
    /// <param name="size">The height and width wanted; null for twice those of the input.</param>
    /// <returns>New tensor [B, C, Y', X'], owned by the caller.</returns>
    public Tensor Forward(Tensor x, (long Height, long Width)? size = null)
    {
        using var scope = NewDisposeScope();
        var (height, width) = size ?? (2 * x.shape[2], 2 * x.shape[3]);
        var large = functional.interpolate(x, [height, width], mode: InterpolationMode.Nearest);
        return _conv.call(large).MoveToOuterDisposeScope();
    }
}
