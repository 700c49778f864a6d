using ResLora.Formats.Errors;

namespace ResLora.Models.Llama;

/// <summary>
/// How the Llama family's folders differ from its network: names without <c>model.</c>, and heads that are tied or are not.
/// </summary>
public static class LlamaCheckpoint
{
    private const string Head = "lm_head.weight";
    private const string Embedding = "model.embed_tokens.weight";
    private const string Prefix = "model.";

    /// <summary>
    /// Reads a folder's configuration. Where it ties the head to the embedding and the files hold another head, that head is kept, as
    /// Hugging Face's transformers does: <see cref="LlamaConfig.TieWordEmbeddings"/> is false then.
    /// </summary>
    /// <param name="folder">A model folder, whose weights may be missing.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static LlamaConfig Read(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        var config = LlamaConfig.Read(path);
        if (!config.TieWordEmbeddings || TiedTensors.Different(folder, [Head], Names(Embedding)) is not { } head)
        {
            return config;
        }

        Warnings.Add($"{path}: tie_word_embeddings is true, and '{head}' is no copy of the embedding: it is kept as the output head.");
        return config with { TieWordEmbeddings = false };
    }

    /// <summary>The layout for a model. Of a tied pair one tensor is enough, whichever it is.</summary>
    internal static CheckpointLayout Of(LlamaConfig config) => new()
    {
        Names = name => config.TieWordEmbeddings && name == Embedding ? [.. Names(name), Head] : Names(name),
        IsIgnored = name => config.TieWordEmbeddings && name == Head,
    };

    /// <summary>Models that were saved without a head have no first part in their names.</summary>
    private static string[] Names(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) ? [name, name[Prefix.Length..]] : [name];
}
