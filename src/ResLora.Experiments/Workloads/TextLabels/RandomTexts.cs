using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>An encoder writes no texts; tokens in any order move all of its layers as well.</summary>
internal static class RandomTexts
{
    private const int Rows = 32;
    private const int Length = 32;

    /// <summary>Draws rows of tokens that are not special, and has the network label them.</summary>
    public static MeasuredExamples Make(ModelSession session, int seed)
    {
        var (random, width) = (new Random(seed), Math.Min(Length, session.Encoder.MaxPositions));
        var known = (int)Math.Min(session.Tokenizer.VocabularySize, session.Encoder.VocabularySize);
        var vocabulary = Enumerable.Range(0, known).Where(id => !session.Tokenizer.IsSpecial(id)).ToArray();
        var samples = Enumerable.Range(0, Rows)
            .Select(_ => new TokenizedSample([.. Enumerable.Range(0, width).Select(_ => vocabulary[random.Next(vocabulary.Length)])], []))
            .ToArray();
        string[] prompts = [.. samples.Select(sample => session.Tokenizer.Decode(sample.Ids))];
        var source = $"{Rows} rows of {width} random tokens";
        var head = session.Encoder.Head;
        if (head.Kind == ModelHeadKind.MaskedTokens)
        {
            var filling = new MaskedTokenObjective(session.Encoder, session.Tokenizer.MaskId
                ?? throw new ConfigException($"{session.ModelFolder}: the tokenizer names no mask, which a model for masked tokens needs; add mask_token to tokenizer_config.json."));
            return new MeasuredExamples(
                source, filling, [.. samples.Select(sample => sample with { Labels = sample.Ids })])
            { Prompts = prompts };
        }

        var labels = head.Kind == ModelHeadKind.Score ? null : new LabelSet(head.Labels);
        return LabelledByModel(
            source, new TextLabelObjective(session.Encoder, HeadLabels.GeneralTask(head), labels), samples) with
        { Prompts = prompts };
    }

    /// <summary>Texts without labels, labelled by the network itself.</summary>
    public static MeasuredExamples LabelledByModel(string source, LabelObjective objective, IReadOnlyList<TokenizedSample> samples) =>
        MeasuredExamples.LabelledByModel(source, objective, samples, (sample, target) => sample with { Target = target });
}
