namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>A text that counts as HTML already: what is joined to it by <c>+</c> is escaped.</summary>
/// <param name="Text">The text.</param>
internal sealed record Markup(string Text)
{
    /// <summary>Escapes a text.</summary>
    public static Markup Escape(string text) => new(text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal));
}
