using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Models;
using ResLora.Models;
using ResLora.Models.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Text.Tokenization.Gguf;

namespace ResLora.Training.Gguf;

/// <summary>Writes a model and its tokenizer as one GGUF file for llama.cpp and what is built on it.</summary>
public static class GgufModelWriter
{
    private const uint QuantizationVersion = 2;

    /// <summary>What a file of a model's folder would lose, known without its weights.</summary>
    /// <param name="modelFolder">The folder: config.json and the tokenizer are read.</param>
    /// <returns>What llama.cpp will do otherwise than the model and tokenizer here, a sentence each; empty when nothing is lost.</returns>
    /// <exception cref="ConfigException">llama.cpp cannot carry out the model or its tokenizer.</exception>
    /// <exception cref="FileFormatException">A file of the folder is missing or broken.</exception>
    public static IReadOnlyList<string> Losses(string modelFolder)
    {
        ArgumentNullException.ThrowIfNull(modelFolder);
        using var model = ModelRegistry.BuildCausal(modelFolder);
        return [.. LayoutOf(model).Losses, .. GgufTokenizerExport.Write(new GgufMetadata(), modelFolder, (int)model.VocabularySize)];
    }

    /// <summary>Writes a model with the weights that it has now.</summary>
    /// <param name="path">The file to write or replace; written aside and moved into place.</param>
    /// <param name="model">The model, without adapter blocks (merged or as loaded); borrowed.</param>
    /// <param name="modelFolder">The folder that it came from: the tokenizer and the file's name of the model are taken from there.</param>
    /// <param name="type">How matrices are stored.</param>
    /// <returns>What llama.cpp will do otherwise than the model and tokenizer here, a sentence each; empty when nothing is lost.</returns>
    /// <exception cref="ConfigException">llama.cpp cannot carry out the model or its tokenizer, or the disk refuses; nothing is
    /// written.</exception>
    /// <exception cref="FileFormatException">A file of the folder is missing or broken.</exception>
    public static IReadOnlyList<string> Write(string path, CausalLanguageModel model, string modelFolder, GgufWeightType type)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(modelFolder);
        if (model.named_parameters().FirstOrDefault(p => p.name.Contains(".base_layer.", StringComparison.Ordinal)).name is { } foreign)
        {
            throw new InvalidOperationException(
                $"The model still carries adapter blocks ('{foreign}'); merge or remove them before writing it.");
        }

        var layout = LayoutOf(model);
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", layout.Architecture);
        metadata.Add("general.type", "model");
        metadata.Add("general.name", NameOf(modelFolder));
        metadata.Add("general.file_type", type.FileType());
        if (type == GgufWeightType.Q8)
        {
            metadata.Add("general.quantization_version", QuantizationVersion);
        }

        layout.Describe(metadata);
        var tokenizerLosses = GgufTokenizerExport.Write(metadata, modelFolder, (int)model.VocabularySize);
        GgufWriter.Write(path, metadata, [.. layout.Tensors(model, type)]);
        return [.. layout.Losses, .. tokenizerLosses];
    }

    private static string NameOf(string modelFolder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelFolder)));
        return GgufFolder.IsOne(modelFolder) ? Path.GetFileNameWithoutExtension(name) : name;
    }

    /// <summary>The layout of a network in GGUF.</summary>
    /// <exception cref="ConfigException">It has none.</exception>
    internal static IGgufExport LayoutOf(Network model)
    {
        var families = ModelRegistry.Families.Where(family => family.IsInGguf);
        return model.GgufExport() ?? throw new ConfigException(
            $"GGUF cannot be written for {model.GetName()}; it can for {string.Join(", ", families.SelectMany(family => family.ModelTypes))}.");
    }
}
