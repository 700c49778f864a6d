using ResLora.Formats.Errors;

namespace ResLora.Models.Bert;

/// <summary>BERT and RoBERTa.</summary>
internal static class BertFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new()
    {
        ModelTypes = ["bert", "roberta"],
        Build = Build,
        New = NewRoberta.Of,
    };

    private static BertModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, "config.json");
        var model = new BertModel(BertConfig.Read(path), head);
        if (BertCheckpoint.DifferentDecoder(model, folder) is not { } decoder)
        {
            return model;
        }

        model.Dispose();
        throw new ConfigException(
            $"{path}: '{decoder}' is no copy of the word embedding, and a head for masked tokens of its own is not supported; "
            + "take a checkpoint in which they are equal.");
    }
}
