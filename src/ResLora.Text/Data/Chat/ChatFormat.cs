using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.ChatTemplates;

namespace ResLora.Text.Data.Chat;

/// <summary>How conversations are written for a model: its chat template, with the tokens that it names.</summary>
/// <param name="template">The template.</param>
/// <param name="specialTokens">Tokens by the names that templates know, such as <c>bos_token</c>.</param>
/// <param name="name">Where the template is from, for people.</param>
/// <param name="forTools">The template for conversations with tools; null for the same.</param>
public sealed class ChatFormat(
    ChatTemplate template, IReadOnlyDictionary<string, string> specialTokens, string name, ChatTemplate? forTools = null)
{
    /// <summary>Where the template is from.</summary>
    public string Name => name;

    /// <summary>Writes the first messages of a conversation.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="count">How many messages.</param>
    /// <param name="asksForAnswer">Whether it ends with what stands in front of an answer, so that the model gives one.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ResLoraException">The template refuses the conversation or cannot write it.</exception>
    public RenderedChat Render(Conversation conversation, int count, bool asksForAnswer)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        try
        {
            return (conversation.Tools is null ? template : forTools ?? template).Render(new ChatRequest
            {
                Messages = JsonSerializer.SerializeToElement(conversation.Messages.Take(count).Select(message => message.Json)),
                AddGenerationPrompt = asksForAnswer,
                Tools = conversation.Tools,
                SpecialTokens = specialTokens,
            });
        }
        catch (ResLoraException error)
        {
            throw new FileFormatException($"{conversation.Where}: {error.Message}", error);
        }
    }
}
