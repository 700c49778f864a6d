using System.Globalization;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;

namespace ResLora.Experiments.Workloads.Generation;

/// <summary>What there is to say of data that is written with a chat template.</summary>
internal static class ChatFacts
{
    /// <summary>The facts by name.</summary>
    /// <param name="chat">What writes the samples.</param>
    /// <param name="samples">The samples.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(ChatEncoder chat, IReadOnlyList<Sample> samples)
    {
        if (samples.FirstOrDefault(sample => sample.Conversation is not null)?.Conversation is { } conversation)
        {
            yield return new("conversations", conversation.Layout);
            yield return new("chat template", chat.TemplateName);
        }
        else
        {
            yield return new(
                "chat template",
                $"{chat.TemplateName}: a prompt is a turn of the user, a completion one of the assistant "
                + "(data.chatTemplate=never leaves it out)");
        }

        yield return new("learnt", chat.TrainOn switch
        {
            TrainOn.All => "everything, what users and the system say included",
            TrainOn.Last => "the assistant's last turn with its end-of-turn token",
            _ => "the assistant's turns with their end-of-turn tokens",
        });
    }

    /// <summary>What became of conversations, a phrase to follow the number of samples; empty when they are as they were.</summary>
    /// <param name="data">The samples.</param>
    public static string Counts(TokenizedData data)
    {
        string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        (int Count, string What)[] parts =
        [
            (data.CutAtTurns, "conversations are cut at their oldest turns"),
            (data.Divided, "conversations are several samples, since the chat template changes earlier turns"),
        ];
        var said = parts.Where(part => part.Count > 0).Select(part => Text($"{part.Count:N0} {part.What}")).ToArray();
        return said.Length == 0 ? "" : $" ({string.Join("; ", said)})";
    }
}
