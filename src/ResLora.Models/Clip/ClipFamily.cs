using ResLora.Formats.Errors;

namespace ResLora.Models.Clip;

/// <summary>CLIP's text encoders, as a part of Stable Diffusion; a whole CLIP is none.</summary>
internal static class ClipFamily
{
    /// <summary>The model type.</summary>
    public const string TextModel = "clip_text_model";

    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new()
    {
        ModelTypes = [TextModel],
        Build = Build,
    };

    private static ClipTextModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, "config.json");
        return head is not null
            ? throw new ConfigException($"{path}: this is a text encoder for pictures to be made from, which has no head of its own; "
                + "take a BERT or a RoBERTa.")
            : new ClipTextModel(ClipTextConfig.Read(path));
    }
}
