using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>The operation of a convolution in two dimensions without groups, as libtorch 2.10 does it right on every processor.</summary>
/// <remarks>
/// Where channels do not fill the vectors of a processor with AVX-512, libtorch now and then takes in memory that nobody has written: with
/// 8, 12, 20 or 24 channels outputs were NaN or wrong, and with 2 to 8 outputs gradients of inputs were NaN in none to 311 of 400 passes
/// (with 16 or more, in none of 8,400). Here channels of zeros fill them, which change nothing, and are left out of the output. A single
/// small picture, and kernels of 1 on one thread, go to another library, which writes a line to standard error each time that it does not
/// know the processor: such a picture is taken twice, and a kernel of 1 is a product of matrices.
/// </remarks>
public static class PictureProduct
{
    /// <summary>The numbers of a vector of AVX-512: with multiples of it nothing was wrong.</summary>
    private const long Lanes = 16;

    // Up to so many numbers libtorch takes another library for a single picture.
    private const long SmallPicture = 20_480;

    /// <summary>Convolves.</summary>
    /// <param name="input">[B, Cin, Y, X], borrowed.</param>
    /// <param name="weight">[Cout, Cin, K, K], borrowed.</param>
    /// <param name="bias">[Cout], borrowed; null for none.</param>
    /// <param name="stride">The steps down and across.</param>
    /// <param name="padding">The zeros on each side.</param>
    /// <param name="dilation">The steps within the kernel.</param>
    /// <returns>New tensor [B, Cout, Y', X'], owned by the caller.</returns>
    public static Tensor Of(Tensor input, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        using var scope = NewDisposeScope();
        if (weight.shape is [var plain, _, 1, 1] && stride.All(step => step == 1) && padding.All(zeros => zeros == 0))
        {
            var places = weight.flatten(1).matmul(input.flatten(2));   // [Cout, Cin], [B, Cin, Y · X] -> [B, Cout, Y · X]
            places = bias is null ? places : places + bias.unsqueeze(1);
            return places.view(input.shape[0], plain, input.shape[2], input.shape[3]).MoveToOuterDisposeScope();
        }

        var isSingle = input.shape[0] == 1 && input.numel() <= SmallPicture && input.device.type == DeviceType.CPU;
        var pictures = isSingle ? input.expand(2, -1, -1, -1).contiguous() : input;
        var outputs = weight.shape[0];
        var (ins, outs) = (Missing(weight.shape[1]), Missing(outputs));
        var pixels = ins == 0 ? pictures : nn.functional.pad(pictures, [0, 0, 0, 0, 0, ins]);                            // [B, 16 n, Y, X]
        // [16 m, 16 n, K, K]
        var filled = ins == 0 && outs == 0 ? weight : nn.functional.pad(weight, [0, 0, 0, 0, 0, ins, 0, outs]);
        var shift = outs == 0 || bias is null ? bias : nn.functional.pad(bias, [0, outs]);                              // [16 m]
        var wide = nn.functional.conv2d(pixels, filled, shift, stride, padding, dilation);                              // [B, 16 m, Y', X']
        wide = outs == 0 ? wide : wide.narrow(1, 0, outputs);
        return (isSingle ? wide.narrow(0, 0, 1) : wide).MoveToOuterDisposeScope();
    }

    private static long Missing(long channels) => (Lanes - (channels % Lanes)) % Lanes;
}
