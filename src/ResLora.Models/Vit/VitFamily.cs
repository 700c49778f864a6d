using ResLora.Formats.Errors;

namespace ResLora.Models.Vit;

/// <summary>Vision transformers, those with a token for distillation too.</summary>
internal static class VitFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new()
    {
        ModelTypes = ["vit", "deit"],
        Build = Build,
        NewOfImages = NewVit.Of,
    };

    private static VitModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, "config.json");
        return head?.Kind == ModelHeadKind.MaskedTokens
            ? throw new ConfigException($"{path}: this model sees pictures and has no head for masked tokens; take a BERT or a RoBERTa.")
            : new VitModel(VitConfig.Read(path), head);
    }
}
