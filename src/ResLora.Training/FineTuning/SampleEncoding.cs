using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Text.Tokenization;

namespace ResLora.Training.FineTuning;

/// <summary>Joins a model's tokenizer with the rules by which samples become tokens.</summary>
public static class SampleEncoding
{
    // What SentencePiece writes for a blank.
    private const char BlankMark = '\u2581';

    /// <summary>The tokeniser of samples for a model.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="folder">The model's folder, for errors.</param>
    /// <param name="maxLength">The longest sample in tokens.</param>
    /// <param name="maxUntrainedShare">The share of samples with nothing to learn above which the data is refused, 0 to 1.</param>
    /// <param name="chat">Writes conversations; null for no chat template.</param>
    /// <returns>What turns samples into tokens and labels.</returns>
    /// <exception cref="ConfigException">No token ends a text.</exception>
    public static SampleTokenizer For(
        Tokenizer tokenizer, string folder, int maxLength, double maxUntrainedShare = 1, ChatEncoder? chat = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var end = tokenizer.EndId ?? throw new ConfigException(
            $"{folder}: {tokenizer.Ends.Absence}, so that a model could never learn to stop.");
        return new SampleTokenizer(
            text => tokenizer.Encode(text, addSpecialTokens: false),
            tokenizer.Before,
            end,
            new SampleTokenizerOptions
            {
                MaxLength = maxLength,
                MaxUntrainedFraction = maxUntrainedShare,
                EncoderAddsBlank = tokenizer.Encode(
                    "a", addSpecialTokens: false) is [var first, ..] && tokenizer.TokenOf(first)?.StartsWith(BlankMark) == true,
            })
        {
            Chat = chat,
        };
    }

    /// <summary>The token that fills up short rows; which one does not matter, since it is never looked at.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <returns>A token's id.</returns>
    public static int PadId(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.PadId ?? tokenizer.EndId ?? 0;
    }
}
