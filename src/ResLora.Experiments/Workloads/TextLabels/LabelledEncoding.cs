using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>Turns texts, or pairs of them, into tokens for an encoder. A text that is too long is cut, never left out.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="model">The model, which may be on the meta device.</param>
/// <param name="maxLength">The longest sample in tokens; the model's own limit goes before.</param>
/// <param name="truncation">Which text of a pair is cut.</param>
internal sealed class LabelledEncoding(
    Tokenizer tokenizer, EncoderModel model, int maxLength, Truncation truncation = Truncation.LongestFirst)
{
    /// <summary>Tokenises a data set.</summary>
    /// <exception cref="ConfigException">The tokens do not fit the model, or the limit leaves no room for them.</exception>
    public TokenizedData TokenizeAll(IEnumerable<LabelledText> texts)
    {
        var cut = 0;
        var samples = new List<TokenizedSample>();
        foreach (var text in texts)
        {
            var (sample, isCut) = Tokenize(text);
            samples.Add(sample);
            cut += isCut ? 1 : 0;
        }

        return new TokenizedData(samples) { Truncated = cut };
    }

    /// <summary>Tokenises one text.</summary>
    /// <returns>The sample, and whether a part of the text is missing in it.</returns>
    public (TokenizedSample Sample, bool IsCut) Tokenize(LabelledText text)
    {
        var encoding = tokenizer.EncodeTexts(text.Text, text.SecondText, Math.Min(maxLength, model.MaxPositions), truncation);
        var types = encoding.TypeIds.Any(type => type != 0) ? encoding.TypeIds : null;
        if (types?.Max() >= model.TypeCount)
        {
            throw new ConfigException($"The tokenizer gives tokens of type {types.Max()}, and the model knows types 0 to {model.TypeCount - 1}; do they belong together?");
        }

        return (new TokenizedSample(encoding.Ids, []) { TypeIds = types, Target = text.Label ?? text.Score }, encoding.Cut > 0);
    }
}
