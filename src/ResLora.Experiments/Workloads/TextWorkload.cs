using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads;

/// <summary>What the workloads on texts have in common.</summary>
internal abstract class TextWorkload : Workload
{
    /// <inheritdoc />
    public override KeyValuePair<string, IReadOnlyList<string>> Companions { get; } = new(
        "the tokenizer's files",
        ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model"]);

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
    public override IExample Example(IReadOnlyList<int> numbers, Network network) => new TokenizedSample([.. numbers], []);

    /// <inheritdoc />
    public override long NumbersBelow(Network network) => ((LanguageModel)network).VocabularySize;
}
