using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>A convolution in two dimensions that goes round what libtorch 2.10 does wrong on processors
/// (<see cref="PictureProduct"/>).</summary>
public sealed class PictureConvolution : Convolution
{
    /// <summary>Creates the layer with weights on the meta device.</summary>
    /// <param name="inputs">Cin.</param>
    /// <param name="outputs">Cout.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">The step, both ways.</param>
    /// <param name="padding">Zeros on each side.</param>
    public PictureConvolution(long inputs, long outputs, long kernel, long stride, long padding)
        : this(inputs, outputs, [kernel, kernel], [stride, stride], [padding, padding], hasBias: true)
    {
    }

    private PictureConvolution(long inputs, long outputs, long[] kernel, long[] stride, long[] padding, bool hasBias) : base(
        nameof(PictureConvolution), inputs, outputs, kernel, stride, padding, null, [1, 1], false, [0, 0], 1, hasBias, PaddingModes.Zeros, META, null)
    {
    }

    /// <summary>A layer of the same kind without values: its weight, and its bias if it has one, wait on the meta device.</summary>
    /// <returns>The layer, owned by the caller.</returns>
    public PictureConvolution Like() => new(in_channels, out_channels, kernel_size, stride, padding!, bias is not null);

    /// <inheritdoc />
    public override Tensor forward(Tensor input) =>   // [B, Cin, Y, X] -> [B, Cout, Y', X']
        PictureProduct.Of(input, weight!, bias, stride, padding!, dilation);
}
