using ResLora.Formats.Errors;
using ResLora.Text.Data.Chat;

namespace ResLora.Text.Data;

/// <summary>
/// Turns samples into tokens and labels: begin, prompt, completion, end, of which the completion and the end are trained; of plain
/// text (an empty prompt) all but the begin.
/// </summary>
/// <param name="encode">Text to ids, without begin and end of its own.</param>
/// <param name="before">What stands in front of a sequence, as <see cref="Tokenization.Tokenizer.Before"/>; often a begin token, or
/// nothing.</param>
/// <param name="endId">The token that ends a sequence. It is trained: a model that never learns to stop answers on and on.</param>
/// <param name="options">Limits; null for the defaults.</param>
public sealed class SampleTokenizer(
    Func<string, IReadOnlyList<int>> encode, IReadOnlyList<int> before, int endId, SampleTokenizerOptions? options = null)
{
    private readonly SampleTokenizerOptions _options = options ?? new SampleTokenizerOptions();

    /// <summary>
    /// Writes conversations, and prompts as such; null for a model without a chat template, or where it is not to be used.
    /// </summary>
    public ChatEncoder? Chat { get; init; }

    /// <summary>The prompt alone as the model gets it before generating: begin and prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <returns>The ids, equal to the first ones of the tokenised sample.</returns>
    /// <exception cref="ConfigException">The encoder put a begin token in front by itself.</exception>
    public IReadOnlyList<int> EncodePrompt(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var ids = prompt.Length > 0 ? encode(prompt) : [];
        RefuseBegin(ids, prompt);
        return [.. before, .. ids];
    }

    /// <summary>Tokenises one sample, whatever its length.</summary>
    /// <param name="sample">The sample.</param>
    /// <returns>Its tokens and labels.</returns>
    /// <exception cref="ConfigException">A begin or end token would stand twice.</exception>
    public TokenizedSample Tokenize(Sample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var prompt = EncodePrompt(sample.Prompt);
        var text = _options.EncoderAddsBlank && sample.Completion.StartsWith(' ') ? sample.Completion[1..] : sample.Completion;
        var completion = encode(text);
        RefuseBegin(completion, sample.Completion);
        RefuseDoubled(completion.Count > 0 && completion[^1] == endId, "end", endId, sample.Completion);

        int[] ids = [.. prompt, .. completion, endId];
        var labels = ids.ToArray();
        labels.AsSpan(0, Math.Max(1, prompt.Count)).Fill(TokenizedSample.Masked);
        return new TokenizedSample(ids, labels);
    }

    /// <summary>
    /// Tokenises a data set, cuts plain texts that are too long into windows and conversations at their oldest turns, drops what cannot be
    /// trained on, and counts all of it.
    /// </summary>
    /// <param name="samples">The samples.</param>
    /// <returns>The samples kept, and the counts.</returns>
    /// <exception cref="ConfigException">Too many samples have nothing to learn, or none is left.</exception>
    public TokenizedData TokenizeAll(IEnumerable<Sample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var kept = new List<TokenizedSample>();
        var (tooLong, untrained, cut, cutAtTurns, divided, shortest) = (0, 0, 0, 0, 0, int.MaxValue);
        foreach (var sample in samples)
        {
            if (Chat?.ConversationOf(sample) is { } conversation)
            {
                var written = Chat.Encode(conversation, _options.MaxLength);
                kept.AddRange(written.Samples);
                shortest = written.Fit == ChatFit.Untrained ? shortest : Math.Min(shortest, written.Shortest);
                tooLong += written.Fit == ChatFit.TooLong ? 1 : 0;
                untrained += written.Fit == ChatFit.Untrained ? 1 : 0;
                cutAtTurns += written.Fit == ChatFit.Cut ? 1 : 0;
                divided += written.Samples.Count > 1 ? 1 : 0;
                continue;
            }

            if (sample.Conversation is { } unread)
            {
                throw new ConfigException(
                    $"{unread.Where}: a conversation is written with a chat template, and there is none; take a model that has one.");
            }

            if (string.IsNullOrWhiteSpace(sample.Completion))
            {
                untrained++;
                continue;
            }

            var tokens = Tokenize(sample);
            shortest = Math.Min(shortest, tokens.Ids.Length);
            if (tokens.Ids.Length > _options.MaxLength)
            {
                var windows = sample.Prompt.Length == 0 ? TextWindows.Cut(tokens, EncodePrompt("").Count, _options.MaxLength) : [];
                kept.AddRange(windows);
                (cut, tooLong) = windows.Count > 0 ? (cut + 1, tooLong) : (cut, tooLong + 1);
                continue;
            }

            kept.Add(tokens);
        }

        var total = kept.Count + tooLong + untrained;
        if (untrained > _options.MaxUntrainedFraction * total)
        {
            throw new ConfigException(
                $"{untrained} of {total} samples have no token to train (a blank completion or text, no turn of the assistant), "
                + $"more than the allowed fraction of {_options.MaxUntrainedFraction}; check the column names and the data.");
        }

        return kept.Count > 0
            ? new TokenizedData(kept)
            {
                TooLong = tooLong,
                Untrained = untrained,
                CutIntoWindows = cut,
                CutAtTurns = cutAtTurns,
                Divided = divided,
            }
            : throw new ConfigException(total == 0
                ? "There are no samples to train on."
                : $"None of {total} samples fits into {_options.MaxLength} tokens, the shortest has {shortest}; raise the limit.");
    }

    private void RefuseBegin(IReadOnlyList<int> ids, string text)
    {
        if (before is [var begin, ..])
        {
            RefuseDoubled(ids.Count > 0 && ids[0] == begin, "begin", begin, text);
        }
    }

    private static void RefuseDoubled(bool doubled, string which, int id, string text)
    {
        if (doubled)
        {
            throw new ConfigException(
                $"The {which} token (id {id}) would stand twice in the sample with {Readers.Row.Excerpt(text)}: it is put there once for every sample, so encode without special tokens and take it out of the text.");
        }
    }
}
