using ResLora.Formats.Errors;
using ResLora.Text.ChatTemplates;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;

namespace ResLora.Training.FineTuning;

/// <summary>The chat template with which samples are written for a model.</summary>
public static class ModelChat
{
    /// <summary>Finds it.</summary>
    /// <param name="session">The model with its tokenizer.</param>
    /// <param name="use">What the user says.</param>
    /// <param name="samples">The samples.</param>
    /// <returns>What writes them; null where no sample is written with a template.</returns>
    /// <exception cref="ResLoraException">There are conversations and no template, or the template cannot be read.</exception>
    public static ChatEncoder? Of(ModelSession session, ChatUse use, IReadOnlyList<Sample> samples)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(use);
        ArgumentNullException.ThrowIfNull(samples);
        var conversation = samples.FirstOrDefault(sample => sample.Conversation is not null)?.Conversation;
        if (conversation is null && (!use.IsForPrompts || samples.All(sample => sample.Prompt.Length == 0)))
        {
            return null;
        }

        return Format(session, use) is { } format
            ? new ChatEncoder(format, session.Tokenizer, use.TrainOn) { TakesPrompts = use.IsForPrompts }
            : conversation is null
            ? null
            : throw Missing(conversation.Where, session);
    }

    /// <summary>Finds it for a conversation that is being held.</summary>
    /// <param name="session">The model with its tokenizer.</param>
    /// <param name="use">What the user says.</param>
    /// <returns>What writes it.</returns>
    /// <exception cref="ResLoraException">There is no template, or it cannot be read.</exception>
    public static ChatEncoder For(ModelSession session, ChatUse use)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(use);
        return new ChatEncoder(Format(session, use) ?? throw Missing("A conversation", session), session.Tokenizer);
    }

    private static ChatFormat? Format(ModelSession session, ChatUse use)
    {
        var templates = ChatTemplates.Read(session.ModelFolder);
        return use.Template is { } text
            ? new ChatFormat(ChatTemplate.Parse(text, use.TemplateName!), templates.SpecialTokens, use.TemplateName!)
            : OfModel(templates);
    }

    private static ConfigException Missing(string where, ModelSession session) => new(
        $"{where}: conversations are written with a chat template, and {session.ModelFolder} has none "
        + "(tokenizer_config.json, chat_template.jinja); take a model that has one, or name a file "
        + "(data.chatTemplateFile, --chat-template).");

    private static ChatFormat? OfModel(ChatTemplates templates)
    {
        if (templates.Names.Count == 0)
        {
            return null;
        }

        try
        {
            return new ChatFormat(
                templates.Choose(), templates.SpecialTokens, "the model's chat template", templates.Choose(hasTools: true));
        }
        catch (ChatTemplateException error)
        {
            throw new ConfigException(
                $"{error.Message} Another template may be named (data.chatTemplateFile, --chat-template), or prompts written without one "
                + "(data.chatTemplate: never, --chat-template never).", error);
        }
    }
}
