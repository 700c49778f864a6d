using ResLora.Formats.Errors;

namespace ResLora.Text.ChatTemplates;

/// <summary>A chat template breaks the rules of its language, uses what is not supported, or refuses a conversation.</summary>
/// <param name="message">The template, the line, the column and what happened.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class ChatTemplateException(string message, Exception? inner = null) : ResLoraException(message, inner);
