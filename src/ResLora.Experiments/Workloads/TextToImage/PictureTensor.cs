using ResLora.Images;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>Pictures as tensors.</summary>
internal static class PictureTensor
{
    /// <summary>Levels from 0 to 255, rounded to the nearest.</summary>
    /// <param name="pixels">[3, Y, X] float32 from 0 to 1, borrowed.</param>
    public static PixelImage ToImage(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var bytes = (pixels.clamp(0, 1) * byte.MaxValue).round().to(uint8).permute(1, 2, 0).contiguous().cpu();   // [3, Y, X] -> [Y, X, 3]
        return new PixelImage((int)pixels.shape[1], (int)pixels.shape[2], bytes.data<byte>().ToArray());
    }
}
