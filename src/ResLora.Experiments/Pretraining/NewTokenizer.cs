using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Pretraining;

/// <summary>The tokenizer of a new model: trained on its texts, or another model's.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="Files">The files that it is saved as.</param>
internal sealed record NewTokenizer(Tokenizer Tokenizer, IReadOnlyDictionary<string, byte[]> Files)
{
    /// <summary>Trains or loads it.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="texts">What a new tokenizer is trained on.</param>
    /// <exception cref="ResLoraException">The tokenizer's folder cannot be used, or lacks a token that the model needs.</exception>
    public static NewTokenizer Of(PretrainConfig config, IEnumerable<string> texts)
    {
        var made = config.Tokenizer.From is { } folder ? new NewTokenizer(Tokenizer.Load(folder), FilesOf(folder)) : Trained(config, texts);
        return config.Objective == PretrainObjective.MaskedTokens && (made.Tokenizer.MaskId is null || made.Tokenizer.PadId is null)
            ? throw new ConfigException(
                "tokenizer.from: a RoBERTa (objective mlm) needs a tokenizer with tokens for hidden words and for padding; "
                + "this one names none.")
            : made;
    }

    private static NewTokenizer Trained(PretrainConfig config, IEnumerable<string> texts)
    {
        var options = new BpeTrainingOptions
        {
            VocabularySize = config.Tokenizer.Vocabulary,
            MinimumCount = config.Tokenizer.MinimumCount,
            IndividualDigits = config.Tokenizer.IndividualDigits,
            Layout = config.Objective == PretrainObjective.MaskedTokens ? BpeLayout.Roberta : BpeLayout.Causal,
        };
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = Encoding.UTF8.GetBytes(ByteLevelBpeTrainer.Train(texts, options) + "\n"),
            ["tokenizer_config.json"] = Encoding.UTF8.GetBytes(ByteLevelBpeTrainer.DescribeConfig(options, config.Model.MaxLength) + "\n"),
        };
        return new NewTokenizer(Load(files), files);
    }

    /// <summary>Without what belongs to the other model: its licence and its settings for generation.</summary>
    private static Dictionary<string, byte[]> FilesOf(string folder) => ModelFolder.Companions(folder)
        .Where(file => file.Key is not ("LICENSE" or "generation_config.json"))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>By way of files, so that what is trained with is what will be loaded.</summary>
    private static Tokenizer Load(Dictionary<string, byte[]> files)
    {
        var folder = Directory.CreateTempSubdirectory("reslora-");
        try
        {
            foreach (var (name, content) in files)
            {
                AtomicFile.Write(Path.Combine(folder.FullName, name), stream => stream.Write(content));
            }

            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
