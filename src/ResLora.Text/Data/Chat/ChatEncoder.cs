using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;

namespace ResLora.Text.Data.Chat;

/// <summary>
/// Turns conversations into tokens and labels. Every turn that is learnt stands behind exactly what the model reads when it gives it:
/// where the template changes earlier turns, such as leaving out what was thought, one conversation becomes several samples.
/// </summary>
/// <param name="format">How conversations are written.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="trainOn">Which tokens are learnt.</param>
public sealed class ChatEncoder(ChatFormat format, Tokenizer tokenizer, TrainOn trainOn = TrainOn.Assistant)
{
    private readonly ChatTurns _turns = new(format, tokenizer);
    private bool _hasSeenTools;

    /// <summary>Where the template is from.</summary>
    public string TemplateName => format.Name;

    /// <summary>Which tokens are learnt.</summary>
    public TrainOn TrainOn => trainOn;

    /// <summary>Whether a prompt with a completion is written as a turn of a user and one of the assistant. Default true.</summary>
    public bool TakesPrompts { get; init; } = true;

    /// <summary>The tokens at which an answer ends: those of the tokenizer, and the template's own.</summary>
    public IReadOnlyList<int> Ends => [.. tokenizer.Ends.Ids.Concat(_turns.TurnEnd is { } end ? [end] : []).Distinct()];

    /// <summary>The conversation that a sample is for the model; null for what is no conversation.</summary>
    /// <param name="sample">The sample.</param>
    public Conversation? ConversationOf(Sample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return sample.Conversation ?? (TakesPrompts && sample.Prompt.Length > 0
            ? Conversation.OfTurns(sample.Asked ?? sample.Prompt.Trim(), sample.Completion.Trim())
            : null);
    }

    /// <summary>What the model reads before it answers: all before the assistant's last turn, and what stands in front of that.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <returns>The text, for <see cref="Tokenizer.EncodeChat"/>.</returns>
    /// <exception cref="ResLoraException">The template cannot write it.</exception>
    public string PromptOf(Conversation conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        var read = conversation.LastAnswer is >= 0 and var answer ? answer : conversation.Messages.Count;
        return format.Render(conversation, read, asksForAnswer: true).Text;
    }

    /// <summary>What the model reads before it answers the last message.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <returns>The text, for <see cref="Tokenizer.EncodeChat"/>.</returns>
    /// <exception cref="ResLoraException">The template cannot write it.</exception>
    public string Ask(Conversation conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        return format.Render(conversation, conversation.Messages.Count, asksForAnswer: true).Text;
    }

    /// <summary>Writes a whole conversation.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="asksForAnswer">Whether it ends with what stands in front of an answer.</param>
    /// <returns>The text, for <see cref="Tokenizer.EncodeChat"/>.</returns>
    /// <exception cref="ResLoraException">The template cannot write it.</exception>
    public string Write(Conversation conversation, bool asksForAnswer)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        return format.Render(conversation, conversation.Messages.Count, asksForAnswer).Text;
    }

    /// <summary>Encodes a conversation. One that is too long loses its oldest turns, but not what the system says.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="maxLength">The most tokens of a sample.</param>
    /// <returns>The samples.</returns>
    /// <exception cref="ResLoraException">The template cannot write it.</exception>
    public EncodedChat Encode(Conversation conversation, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        if (!conversation.Learnt.Any(i => !conversation.Messages[i].IsBlank))
        {
            return new EncodedChat([], ChatFit.Untrained);
        }

        LookAtTools(conversation);
        var shortest = int.MaxValue;
        for (var left = conversation; left is not null; left = left.WithoutOldest())
        {
            var whole = _turns.Encode(left, left.Messages.Count);
            shortest = Math.Min(shortest, whole.Length);
            if (whole.Length > maxLength)
            {
                continue;
            }

            var samples = Samples(left, whole);
            if (samples.All(sample => sample.Ids.Length <= maxLength))
            {
                var fit = samples.Count == 0 ? ChatFit.Untrained : left == conversation ? ChatFit.Whole : ChatFit.Cut;
                return new EncodedChat(samples, fit) { Shortest = shortest };
            }
        }

        return new EncodedChat([], ChatFit.TooLong) { Shortest = shortest };
    }

    private List<TokenizedSample> Samples(Conversation conversation, int[] whole)
    {
        if (trainOn == TrainOn.All)
        {
            return [new TokenizedSample(whole, [TokenizedSample.Masked, .. whole.Skip(1)])];
        }

        var samples = new List<TokenizedSample> { Untrained(whole) };
        foreach (var at in conversation.Learnt.Reverse().Take(trainOn == TrainOn.Last ? 1 : int.MaxValue))
        {
            var turn = _turns.Find(conversation, at);
            var sample = samples.Find(sample => sample.Ids.AsSpan().StartsWith(turn.Ids));
            if (sample is null)
            {
                samples.Add(sample = Untrained(turn.Ids));
            }

            foreach (var (start, end) in turn.Trained)
            {
                sample.Ids.AsSpan(start..end).CopyTo(sample.Labels.AsSpan(start));
            }
        }

        samples.Reverse();
        samples.RemoveAll(sample => sample.TrainedTokens == 0);
        return samples;
    }

    private static TokenizedSample Untrained(int[] ids)
    {
        var labels = new int[ids.Length];
        Array.Fill(labels, TokenizedSample.Masked);
        return new TokenizedSample(ids, labels);
    }

    /// <summary>Says once when a template does not tell the model of the tools there are.</summary>
    private void LookAtTools(Conversation conversation)
    {
        if (_hasSeenTools || conversation.Tools is null)
        {
            return;
        }

        _hasSeenTools = true;
        if (Write(conversation, asksForAnswer: false) == Write(conversation with { Tools = null }, asksForAnswer: false))
        {
            Warnings.Add($"{format.Name} does not write tools, so that the model does not see those of the data.");
        }
    }
}
