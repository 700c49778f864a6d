using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>Which sizes of pictures a pipeline can make.</summary>
internal static class PictureSizes
{
    // Where a configuration does not say.
    private const int UsualLatents = 64;

    /// <summary>The size that a pipeline was made for, in pixels.</summary>
    public static PixelSize Usual(Denoiser unet, PictureAutoencoder vae)
    {
        var latents = unet.LatentSize ?? new PixelSize(UsualLatents, UsualLatents);
        return new PixelSize(latents.Height * vae.Factor, latents.Width * vae.Factor);
    }

    /// <summary>C, Y and X of the latents of a square picture.</summary>
    /// <param name="unet">The UNet.</param>
    /// <param name="vae">The autoencoder.</param>
    /// <param name="resolution">Height and width, in pixels.</param>
    /// <param name="folder">The pipeline, for errors.</param>
    /// <exception cref="ConfigException">The size is no multiple of what a latent and the UNet's levels need.</exception>
    /// <exception cref="FileFormatException">The autoencoder's latents have other channels than the UNet's.</exception>
    public static long[] Latents(Denoiser unet, PictureAutoencoder vae, int resolution, string folder)
    {
        vae.RequireFit(unet, folder);
        var step = vae.Factor * unet.LatentStep;
        return resolution % step == 0
            ? [unet.LatentChannels, resolution / vae.Factor, resolution / vae.Factor]
            : throw new ConfigException($"{folder}: pictures of {resolution} pixels do not fit; the size must be a multiple of {step}.");
    }
}
