namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>The smallest part of a template that has a meaning.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">What is written; for quoted texts what they mean.</param>
/// <param name="Place">Where it begins.</param>
internal readonly record struct Token(TokenKind Kind, string Text, SourcePlace Place)
{
    /// <summary>Whether it is this operator or bracket.</summary>
    public bool Is(string sign) => Kind == TokenKind.Sign && Text == sign;

    /// <summary>Whether it is one of these words.</summary>
    public bool IsWord(params ReadOnlySpan<string> words) => Kind == TokenKind.Name && words.Contains(Text);

    /// <summary>What it is called in messages.</summary>
    public string Shown => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.BlockEnd => "the end of the tag",
        TokenKind.VariableEnd => "the end of the tag",
        TokenKind.Data => "text",
        _ => $"'{Text}'",
    };
}
