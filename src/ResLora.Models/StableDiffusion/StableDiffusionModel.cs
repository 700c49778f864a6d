namespace ResLora.Models.StableDiffusion;

/// <summary>Stable Diffusion 1 and 2: CLIP's text encoder and a UNet.</summary>
/// <param name="textEncoder">The text encoder; from now on this network's.</param>
/// <param name="unet">The UNet; from now on this network's.</param>
public sealed class StableDiffusionModel(PromptEncoder textEncoder, Denoiser unet)
    : TextToImageModel(nameof(StableDiffusionModel), textEncoder, unet)
{
}
