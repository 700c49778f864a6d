using ResLora.Text.ChatTemplates.Jinja;
using ResLora.Text.ChatTemplates.Jinja.Functions;
using ResLora.Text.ChatTemplates.Jinja.Nodes;
using ResLora.Text.ChatTemplates.Jinja.Source;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates;

/// <summary>
/// A chat template: Jinja as transformers sets it up (blocks trimmed and stripped, sandboxed, with <c>break</c>, <c>continue</c> and
/// <c>generation</c>), which turns a conversation into the text that a model was trained on.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The longest template accepted, in UTF-16 units; the longest published ones have some 20,000.</summary>
    public const int MaxLength = 1 << 20;

    private readonly BlockStatement _body;
    private readonly string _where;

    private ChatTemplate(BlockStatement body, string source, string where) => (_body, Source, _where) = (body, source, where);

    /// <summary>The template as it is written.</summary>
    public string Source { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="where">What messages call it: its file and key.</param>
    /// <returns>The template.</returns>
    /// <exception cref="ChatTemplateException">It breaks the language's rules or uses what is not supported: says where.</exception>
    public static ChatTemplate Parse(string template, string where)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(where);
        if (template.Length > MaxLength)
        {
            throw new ChatTemplateException(
                $"{where}: the chat template has {template.Length} characters; at most {MaxLength} are accepted.");
        }

        try
        {
            return new ChatTemplate(Parser.Parse(template), template, where);
        }
        catch (JinjaError error)
        {
            throw Located(where, error);
        }
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="request">The conversation and what else the template sees.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails, or needs too much: says where.</exception>
    public RenderedChat Render(ChatRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var rendering = new Rendering(request.Clock.GetLocalNow().DateTime);
        try
        {
            _body.Execute(Variables(rendering, request));
            return new RenderedChat(rendering.Output.ToString(), rendering.Spans);
        }
        catch (JinjaError error)
        {
            throw Located(_where, error);
        }
    }

    private static Frame Variables(Rendering rendering, ChatRequest request)
    {
        var globals = new Frame(rendering, rendering.Output);
        foreach (var function in Globals.All)
        {
            globals.Set(function.Name, function);
        }

        var frame = globals.Inner();
        frame.Set("documents", NoneValue.Instance);
        foreach (var (name, token) in request.SpecialTokens)
        {
            frame.Set(name, token);
        }

        foreach (var (name, value) in request.Variables)
        {
            frame.Set(name, JsonValue.From(rendering, value));
        }

        frame.Set("messages", JsonValue.From(rendering, request.Messages));
        frame.Set("tools", request.Tools is { } tools ? JsonValue.From(rendering, tools) : NoneValue.Instance);
        frame.Set("add_generation_prompt", request.AddGenerationPrompt);
        return frame.Inner();
    }

    private static ChatTemplateException Located(string where, JinjaError error)
    {
        var place = error.Place is { } at ? $", line {at.Line}, column {at.Column}" : "";
        return new ChatTemplateException($"{where}{place}: {error.Message}{(error.Message is [.., '.' or '?' or '!'] ? "" : ".")}", error);
    }
}
