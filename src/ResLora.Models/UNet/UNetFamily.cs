using ResLora.Formats.Errors;

namespace ResLora.Models.UNet;

/// <summary>The UNets of Stable Diffusion 1 and 2.</summary>
internal static class UNetFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new()
    {
        ModelTypes = [UNetConfig.ClassName],
        Build = Build,
    };

    private static UNetModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, "config.json");
        return head is null
            ? new UNetModel(UNetConfig.Read(path))
            : throw new ConfigException($"{path}: this model denoises latents and has no head; take an encoder of texts or of pictures.");
    }
}
