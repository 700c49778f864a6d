using ResLora.Training.Loop;

namespace ResLora.Experiments.Reference;

/// <summary>What a template says of texts, and in its place of pictures.</summary>
/// <param name="ModelFiles">The files of a model's folder.</param>
/// <param name="Task">What the task says.</param>
/// <param name="Data">What data may be.</param>
/// <param name="Validation">What validation data may be.</param>
/// <param name="ValidationExample">A name of such.</param>
/// <param name="Columns">An example of columns.</param>
/// <param name="HasLength">Whether samples have a length in tokens to limit.</param>
internal sealed record TemplateWords(
    string ModelFiles, string Task, string Data, string Validation, string ValidationExample, string Columns, bool HasLength)
{
    /// <summary>Of texts.</summary>
    public static TemplateWords OfTexts { get; } = new(
        "config.json, tokenizer.json and model.safetensors",
        "How a row becomes a prompt and an answer; docs/tasks.md lists the tasks.",
        "A .jsonl, .json, .csv, .tsv or .parquet file, or the data set's folder; for task text also .txt and .md files.",
        "A file to validate on.",
        "validation.jsonl",
        "{prompt: question, completion: answer}",
        HasLength: true);

    /// <summary>Of pictures.</summary>
    public static TemplateWords OfPictures { get; } = new(
        "config.json, preprocessor_config.json and model.safetensors",
        "What is learnt: the labels of pictures.",
        "A folder with a folder a class, a folder with metadata.csv, .jsonl or .parquet, or a table with paths or bytes of pictures.",
        "A folder or a table to validate on.",
        "other-pictures",
        "{image: picture, label: category}",
        HasLength: false);

    /// <summary>The lines about the longest sample.</summary>
    /// <param name="training">The defaults.</param>
    public string Length(TrainConfig training) => HasLength ? $"  # The longest sample in tokens.\n  maxLength: {training.MaxLength}\n" : "";
}
