using ResLora.Formats.Errors;
using ResLora.Text.ChatTemplates;
using ResLora.Text.Tokenization;

namespace ResLora.Text.Data.Chat;

/// <summary>
/// Finds the tokens of the assistant's turns. A turn is what is there when it was given and was not when it was asked for: the
/// conversation is written up to it both ways, and the tokens are compared. Where the template marks the turns (<c>generation</c>), its
/// marks say which tokens of a turn count. A turn ends with its end-of-turn token; what follows it, such as a line feed, is not learnt.
/// </summary>
/// <param name="format">How conversations are written.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
internal sealed class ChatTurns(ChatFormat format, Tokenizer tokenizer)
{
    private readonly Lazy<int?> _turnEnd = new(() => FindTurnEnd(format, tokenizer));

    /// <summary>The token that the template puts behind an answer; null where it puts none.</summary>
    public int? TurnEnd => _turnEnd.Value;

    /// <summary>Encodes the first messages of a conversation as they are written.</summary>
    public int[] Encode(Conversation conversation, int count) =>
        [.. tokenizer.EncodeChat(format.Render(conversation, count, asksForAnswer: false).Text)];

    /// <summary>Finds a turn.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="at">Which message it is.</param>
    /// <exception cref="ResLoraException">The template cannot write it, or leaves a part of it out.</exception>
    public ChatTurn Find(Conversation conversation, int at)
    {
        var asked = format.Render(conversation, at, asksForAnswer: true);
        var given = format.Render(conversation, at + 1, asksForAnswer: false);
        RequireCalls(conversation, at, given);
        var from = CommonLength(asked.Text, given.Text);
        if (from < asked.Text.Length)
        {
            Warnings.Add(
                $"{format.Name} writes {Readers.Row.Excerpt(asked.Text[from..])} in front of an answer that it asks for, and not in front "
                + "of one that is there; turns are learnt from where both agree.");
        }

        int[] ids = [.. tokenizer.EncodeChat(given.Text)];
        var start = TokensOf(ids, given.Text, from);
        (int Start, int End)[] trained = given.AssistantSpans.Count == 0
            ? [(start, EndOf(ids, start, ids.Length) ?? WithoutBlanks(ids, start))]
            : [.. given.AssistantSpans.Where(span => span.End > from).Select(span => Marked(ids, given.Text, span, start))];
        trained = [.. trained.Where(span => span.End > span.Start)];
        return new ChatTurn(trained.Length == 0 ? ids : ids[..trained[^1].End], trained);
    }

    /// <summary>What a template marks, with the end-of-turn token that follows, and without what follows that.</summary>
    private (int Start, int End) Marked(int[] ids, string text, (int Start, int End) span, int start)
    {
        var (from, to) = (Math.Max(start, TokensOf(ids, text, span.Start)), TokensOf(ids, text, span.End));
        return (from, to < ids.Length && IsEnd(ids[to]) ? to + 1 : EndOf(ids, from, to) ?? to);
    }

    /// <summary>
    /// Behind the end-of-turn token in the tail of a turn, which is special tokens and white space; null where there is none.
    /// </summary>
    private int? EndOf(int[] ids, int start, int end)
    {
        var tail = end;
        while (tail > start && (IsEnd(ids[tail - 1]) || tokenizer.IsSpecial(ids[tail - 1]) || IsBlank(ids[tail - 1])))
        {
            tail--;
        }

        var found = Array.FindIndex(ids, tail, end - tail, IsEnd);
        return found < 0 ? null : found + 1;
    }

    private int WithoutBlanks(int[] ids, int start)
    {
        Warnings.Add($"{format.Name} puts no token behind an answer by which a model could learn to stop.");
        var end = ids.Length;
        while (end > start && IsBlank(ids[end - 1]))
        {
            end--;
        }

        return end;
    }

    private bool IsEnd(int id) => id == TurnEnd || tokenizer.Ends.Ids.Contains(id);

    private bool IsBlank(int id) => string.IsNullOrWhiteSpace(tokenizer.Decode([id], skipSpecialTokens: false));

    /// <summary>
    /// How many tokens the first characters of a text are. A token that reaches over the border belongs to the characters: whoever has
    /// read them has read a part of it.
    /// </summary>
    private int TokensOf(int[] ids, string text, int characters) => TokensOf(tokenizer, ids, text, characters);

    private static int TokensOf(Tokenizer tokenizer, int[] ids, string text, int characters)
    {
        var part = tokenizer.EncodeChat(text[..characters]);
        var count = ids.Zip(part).TakeWhile(pair => pair.First == pair.Second).Count();
        if (count == part.Count)
        {
            return count;
        }

        var wanted = tokenizer.Decode(part, skipSpecialTokens: false).Length;
        var decoder = tokenizer.CreateStreamingDecoder(skipSpecialTokens: false);
        var read = decoder.Add(ids.Take(count)).Length;
        while (count < ids.Length && read < wanted)
        {
            read += decoder.Add(ids[count++]).Length;
        }

        return count;
    }

    /// <summary>A template that knows no tools would have an empty answer learnt.</summary>
    private void RequireCalls(Conversation conversation, int at, RenderedChat given)
    {
        var message = conversation.Messages[at];
        if (!message.CallsTools)
        {
            return;
        }

        var without = ChatMessage.Of(message.Role, message.Text);
        var shorter = conversation with { Messages = [.. conversation.Messages.Take(at), without] };
        if (format.Render(shorter, at + 1, asksForAnswer: false).Text == given.Text)
        {
            throw new FileFormatException(
                $"{conversation.Where}: message {at + 1} calls tools, and {format.Name} writes no such calls; "
                + "take a model whose template does.");
        }
    }

    private static int? FindTurnEnd(ChatFormat format, Tokenizer tokenizer)
    {
        const string answer = "Certainly";
        var conversation = Conversation.OfTurns("Well?", answer) with { Where = "A short conversation" };
        var text = format.Render(conversation, conversation.Messages.Count, asksForAnswer: false).Text;
        int[] ids = [.. tokenizer.EncodeChat(text)];
        var behind = text.LastIndexOf(answer, StringComparison.Ordinal);
        var rest = behind < 0 ? [] : ids.Skip(TokensOf(tokenizer, ids, text, behind + answer.Length));
        return rest.Where(tokenizer.IsSpecial).Select(id => (int?)id).FirstOrDefault();
    }

    private static int CommonLength(string one, string other) => one.AsSpan().CommonPrefixLength(other);
}
