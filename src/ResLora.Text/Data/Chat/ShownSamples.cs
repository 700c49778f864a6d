using ResLora.Text.Tokenization;

namespace ResLora.Text.Data.Chat;

/// <summary>Shows what becomes of each token of a sample.</summary>
public static class ShownSamples
{
    /// <summary>Shows samples.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="encoding">Makes tokens of them.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maxLength">The longest sample in tokens.</param>
    /// <returns>The samples with their tokens.</returns>
    /// <exception cref="Formats.Errors.ResLoraException">A sample cannot be encoded.</exception>
    public static IReadOnlyList<ShownSample> Of(IEnumerable<Sample> samples, SampleTokenizer encoding, Tokenizer tokenizer, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        return [.. samples.SelectMany((sample, i) => Parts(sample, encoding, maxLength) is var (parts, leftOut)
            ? parts.Select((part, k) => new ShownSample(i + 1, k + 1, parts.Count, Tokens(part, tokenizer)) { LeftOut = leftOut })
            : [])];
    }

    private static (List<(int Id, TokenUse Use)[]> Parts, string? LeftOut) Parts(Sample sample, SampleTokenizer encoding, int maxLength)
    {
        if (encoding.Chat?.ConversationOf(sample) is { } conversation)
        {
            var kept = encoding.Chat.Encode(conversation, maxLength);
            var parts = kept.Samples.Select(Uses).ToList();
            if (kept.Fit is ChatFit.Cut or ChatFit.TooLong && encoding.Chat.Encode(conversation, int.MaxValue).Samples is [.., var whole])
            {
                return kept.Fit == ChatFit.TooLong
                    ? ([AllCut(whole)], TooLong(whole, maxLength))
                    : ([.. parts.SkipLast(1), WithCut(parts[^1], whole.Ids)], null);
            }

            return kept.Fit == ChatFit.Untrained ? ([[]], "there is nothing to learn in it") : (parts, null);
        }

        if (string.IsNullOrWhiteSpace(sample.Completion))
        {
            return ([[]], "there is nothing to learn in it");
        }

        var tokens = encoding.Tokenize(sample);
        return tokens.Ids.Length > maxLength && sample.Prompt.Length > 0
            ? ([AllCut(tokens)], TooLong(tokens, maxLength))
            : ([Uses(tokens)], null);
    }

    private static string TooLong(TokenizedSample sample, int maxLength) => $"its {sample.Ids.Length} tokens are more than {maxLength}";

    private static (int Id, TokenUse Use)[] Uses(TokenizedSample sample) =>
        [.. sample.Ids.Zip(sample.Labels, (id, label) => (id, label == TokenizedSample.Masked ? TokenUse.Read : TokenUse.Trained))];

    private static (int Id, TokenUse Use)[] AllCut(TokenizedSample sample) => [.. sample.Ids.Select(id => (id, TokenUse.Cut))];

    /// <summary>A conversation is cut behind its beginning: what is left begins and ends as the whole does.</summary>
    private static (int Id, TokenUse Use)[] WithCut((int Id, TokenUse Use)[] kept, int[] whole)
    {
        var begin = kept.Zip(whole).TakeWhile(pair => pair.First.Id == pair.Second).Count();
        var cut = whole.Length - kept.Length;
        return [.. kept[..begin], .. whole.Skip(begin).Take(cut).Select(id => (id, TokenUse.Cut)), .. kept[begin..]];
    }

    private static ShownToken[] Tokens((int Id, TokenUse Use)[] tokens, Tokenizer tokenizer)
    {
        var decoder = tokenizer.CreateStreamingDecoder(skipSpecialTokens: false);
        string Rest(int place) => place == tokens.Length - 1 ? decoder.Flush() : "";
        return [.. tokens.Select((token, place) => new ShownToken(token.Id, decoder.Add(token.Id) + Rest(place), token.Use))];
    }
}
