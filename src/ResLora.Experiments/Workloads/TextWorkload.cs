using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads;

/// <summary>What the workloads on texts have in common.</summary>
internal abstract class TextWorkload : Workload
{
    /// <inheritdoc />
    public override KeyValuePair<string, IReadOnlyList<string>> Companions { get; } = new(
        "the tokenizer's files",
        ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "chat_template.jinja"]);

    /// <inheritdoc />
    public override TemplateWords Words { get; } = new(
        "config.json, tokenizer.json and model.safetensors",
        "How a row becomes a prompt and an answer; docs/tasks.md lists the tasks.",
        "A .jsonl, .json, .csv, .tsv or .parquet file, or the data set's folder; for task text also .txt and .md files.",
        "train.jsonl",
        "A file to validate on.",
        "validation.jsonl",
        "{prompt: question, completion: answer}",
        HasLength: true);

    /// <inheritdoc />
    public override IEnumerable<string> Problems(DataConfig data)
    {
        (string Name, bool IsGiven)[] keys =
            [("augment", data.Augment is not null), ("skipBroken", data.SkipBroken), ("pictureCache", data.PictureCache != DataConfig.UsualPictureCache)];
        return keys.Where(key => key.IsGiven).Select(key => $"{key.Name} is given, and it is for pictures only; leave it out");
    }

    /// <inheritdoc />
    public override Tensor Outputs(Network network, IExample example)
    {
        using var scope = NewDisposeScope();
        var (model, sample) = ((LanguageModel)network, (TokenizedSample)example);
        Tensor Row(int[] values) => tensor(values.Select(value => (long)value).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
        var input = new TokenInput(Row(sample.Ids), null, sample.TypeIds is { } types ? Row(types) : null);
        return model.Predict(input).to(float32).MoveToOuterDisposeScope();   // [1, T, V] or [1, N]
    }

    /// <inheritdoc />
    public override IReadOnlyList<int> Numbers(IExample example, int most) => [.. ((TokenizedSample)example).Ids.Take(most)];

    /// <inheritdoc />
    public override IExample Example(IReadOnlyList<int> numbers, ModelSession session) => new TokenizedSample([.. numbers], []);

    /// <inheritdoc />
    public override long NumbersBelow(Network network) => ((LanguageModel)network).VocabularySize;
}
