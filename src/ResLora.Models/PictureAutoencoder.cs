using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network between pictures and the smaller latents that a text-to-image model makes.</summary>
/// <param name="name">The module's name.</param>
public abstract class PictureAutoencoder(string name) : Network(name)
{
    /// <summary>C, the channels of latents.</summary>
    public abstract int LatentChannels { get; }

    /// <summary>How many pixels a latent stands for, in height and in width.</summary>
    public abstract int Factor { get; }

    /// <summary>What latents are multiplied by for the UNet, and divided by for the decoder.</summary>
    public abstract double ScalingFactor { get; }

    /// <summary>Sees the output of each part (<c>encoder.conv_in</c>, the blocks), borrowed, by the part's name. Default: nobody.</summary>
    public Action<string, Tensor>? Watch { get; set; }

    /// <summary>Where a picture's latents lie. One after the other, as <see cref="Decode"/> does.</summary>
    /// <param name="pixels">[B, 3, Y, X] from −1 to 1, borrowed; Y and X are multiples of <see cref="Factor"/>.</param>
    /// <returns>New tensors [B, C, Y/f, X/f], owned by the caller: the mean, not scaled, and the logarithm of the variance.</returns>
    /// <exception cref="ShapeException">The pictures have other channels, or a size that is no multiple, or there are none.</exception>
    public abstract (Tensor Mean, Tensor LogVariance) Encode(Tensor pixels);

    /// <summary>The picture of latents. One after the other, since a large picture takes some gigabytes.</summary>
    /// <param name="latents">[B, C, Y, X], not scaled; borrowed.</param>
    /// <returns>New tensor [B, 3, f Y, f X], about −1 to 1, owned by the caller.</returns>
    /// <exception cref="ShapeException">The latents have other channels, or there are none.</exception>
    public abstract Tensor Decode(Tensor latents);

    /// <summary>The picture that a text-to-image model has made.</summary>
    /// <param name="latents">[B, C, Y, X], scaled as the UNet has them; borrowed.</param>
    /// <returns>New tensor [B, 3, f Y, f X], 0 to 1, owned by the caller.</returns>
    /// <exception cref="ShapeException">The latents have other channels, or there are none.</exception>
    public Tensor Picture(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var scope = NewDisposeScope();
        return InRange(Decode(latents / ScalingFactor)).MoveToOuterDisposeScope();
    }

    /// <summary>What a decoder has made, in the range of pictures.</summary>
    /// <param name="decoded">[...], about −1 to 1, borrowed.</param>
    /// <returns>New tensor of the same shape, 0 to 1, owned by the caller.</returns>
    public static Tensor InRange(Tensor decoded)
    {
        ArgumentNullException.ThrowIfNull(decoded);
        using var scope = NewDisposeScope();
        return ((decoded / 2) + 0.5).clamp(0, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses a UNet whose latents are others than this autoencoder's.</summary>
    /// <param name="unet">The UNet, borrowed.</param>
    /// <param name="folder">The pipeline, for errors.</param>
    /// <exception cref="FileFormatException">They have other numbers of channels.</exception>
    public void RequireFit(Denoiser unet, string folder)
    {
        ArgumentNullException.ThrowIfNull(unet);
        if (unet.LatentChannels != LatentChannels)
        {
            throw new FileFormatException(
                $"{folder}: the autoencoder's latents have {LatentChannels} channels (latent_channels), and the UNet takes {unet.LatentChannels} "
                + "(in_channels); they are not of one pipeline, or the UNet is for another purpose, such as filling gaps of pictures.");
        }
    }

    /// <summary>The autoencoder of a pipeline, on the meta device.</summary>
    /// <param name="pipeline">The pipeline's folder.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="ResLoraException">There is none, or it is not supported.</exception>
    public static PictureAutoencoder Build(string pipeline)
    {
        var path = Path.Combine(pipeline, PipelineParts.Autoencoder);
        return Checked(ModelRegistry.Build(path), path);
    }

    /// <summary>The autoencoder of a pipeline, with its weights in float32 whatever its files hold: in 16 bits published ones make black
    /// pictures.</summary>
    /// <param name="pipeline">The pipeline's folder.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <returns>The network in evaluation mode, owned by the caller.</returns>
    /// <exception cref="ResLoraException">There is none, it is not supported, or its files are broken.</exception>
    public static PictureAutoencoder Load(string pipeline, Device? device = null)
    {
        var path = Path.Combine(pipeline, PipelineParts.Autoencoder);
        return Checked(ModelRegistry.Load(path, ScalarType.Float32, device), path);
    }

    private static PictureAutoencoder Checked(Network network, string path)
    {
        if (network is PictureAutoencoder autoencoder)
        {
            return autoencoder;
        }

        network.Dispose();
        throw new FileFormatException(
            $"{path}: the configuration is that of another network than an autoencoder; the folder belongs elsewhere.");
    }
}
