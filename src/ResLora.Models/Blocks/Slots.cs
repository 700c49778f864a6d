using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>
/// Replaceable layers: a slot is a field of type Module&lt;Tensor, Tensor&gt;, [.., Din] -> [.., Dout] or ids -> [.., D], that carries its
/// checkpoint name as ComponentName. An adapter takes the layer's place in the field and in the registry.
/// </summary>
internal static class Slots
{
    /// <summary>A linear layer whose weights are on the meta device: nothing is allocated or drawn until a model is loaded.</summary>
    public static nn.Module<Tensor, Tensor> Linear(long inFeatures, long outFeatures, bool bias) =>
        nn.Linear(inFeatures, outFeatures, hasBias: bias, device: META);

    /// <summary>A convolution that reads each part of a picture once: kernel and steps are the parts' size. Likewise.</summary>
    public static nn.Module<Tensor, Tensor> Patches(long channels, long outputs, PixelSize size) =>
        nn.Conv2d(channels, outputs, (size.Height, size.Width), (size.Height, size.Width), device: META);

    /// <summary>A convolution over pictures with a square kernel and a bias, likewise.</summary>
    /// <param name="inputs">Cin.</param>
    /// <param name="outputs">Cout.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">The step, both ways. Default 1.</param>
    /// <param name="padding">Zeros on each side. Default 0.</param>
    public static nn.Module<Tensor, Tensor> Convolution(long inputs, long outputs, long kernel, long stride = 1, long padding = 0) =>
        new PictureConvolution(inputs, outputs, kernel, stride, padding);

    /// <summary>An embedding, likewise.</summary>
    public static nn.Module<Tensor, Tensor> Embedding(long rows, long width) => new LookupTable(rows, width);
}
