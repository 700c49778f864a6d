using ResLora.Formats.Errors;

namespace ResLora.Models.Vae;

/// <summary>Autoencoders of text-to-image pipelines.</summary>
internal static class VaeFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new() { ModelTypes = ["AutoencoderKL"], Build = Build };

    private static VaeModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, "config.json");
        return head is null
            ? new VaeModel(VaeConfig.Read(path))
            : throw new ConfigException($"{path}: this model encodes pictures and has no head for labels.");
    }
}
