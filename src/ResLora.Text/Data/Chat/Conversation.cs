using System.Text.Json;

namespace ResLora.Text.Data.Chat;

/// <summary>Messages that follow each other, of which the assistant's are to be learnt.</summary>
/// <param name="Messages">The messages.</param>
public sealed record Conversation(IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>The tools that the assistant may call, a JSON array; null for none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>The place in a file, for errors.</summary>
    public string Where { get; init; } = "a sample";

    /// <summary>How the data writes it, a phrase.</summary>
    public string Layout { get; init; } = "prompt and completion";

    /// <summary>The first message that may be learnt: those of a prompt before it are only read. Default 0.</summary>
    public int FirstLearnt { get; init; }

    /// <summary>The assistant's last message, or -1.</summary>
    public int LastAnswer => Messages.ToList().FindLastIndex(message => message.IsAssistant);

    /// <summary>
    /// The assistant's messages that are to be learnt. What it says before anybody has asked is not among them: a model is never let speak
    /// first.
    /// </summary>
    public IEnumerable<int> Learnt
    {
        get
        {
            var asked = Messages.ToList().FindIndex(message => message.Role == ChatRoles.User);
            var from = asked < 0 ? Messages.Count : Math.Max(asked, FirstLearnt);
            return Enumerable.Range(from, Messages.Count - from).Where(i => Messages[i] is { IsAssistant: true, IsLearnt: true });
        }
    }

    /// <summary>What a user asks and what the assistant answers.</summary>
    /// <param name="prompt">The user's text.</param>
    /// <param name="completion">The assistant's text.</param>
    /// <returns>The conversation.</returns>
    public static Conversation OfTurns(string prompt, string completion) =>
        new([ChatMessage.Of(ChatRoles.User, prompt), ChatMessage.Of(ChatRoles.Assistant, completion)]);

    /// <summary>The conversation without its oldest turns, as <see cref="WithoutOldestTurn"/>, to be learnt.</summary>
    /// <returns>The shorter conversation, or null when there is nothing to learn in what is left.</returns>
    public Conversation? WithoutOldest() => WithoutOldestTurn() is { } shorter && shorter.Learnt.Any() ? shorter : null;

    /// <summary>
    /// The conversation without its oldest turns: the system's messages at its beginning stay, and then it begins with the next message of
    /// a user.
    /// </summary>
    /// <returns>The shorter conversation, or null when a user has spoken once only.</returns>
    public Conversation? WithoutOldestTurn()
    {
        var head = Messages.TakeWhile(message => message.Role is ChatRoles.System or "developer").Count();
        var next = Messages.ToList().FindIndex(Math.Min(head + 1, Messages.Count), message => message.Role == ChatRoles.User);
        return next < 0
            ? null
            : this with
            {
                Messages = [.. Messages.Take(head), .. Messages.Skip(next)],
                FirstLearnt = Math.Max(0, FirstLearnt - (next - head)),
            };
    }
}
