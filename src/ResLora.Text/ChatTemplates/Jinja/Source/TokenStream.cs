namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Tokens, gone through from the first to the last.</summary>
/// <param name="tokens">The tokens; the last is <see cref="TokenKind.End"/>.</param>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int _at;

    /// <summary>The token that is next.</summary>
    public Token Current => tokens[_at];

    /// <summary>The one behind it.</summary>
    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the token that is next.</summary>
    public Token Take()
    {
        var token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    /// <summary>Takes an operator or a bracket if it is next.</summary>
    public bool Skip(string sign)
    {
        var isNext = Current.Is(sign);
        _at += isNext ? 1 : 0;
        return isNext;
    }

    /// <summary>Takes a word if it is next.</summary>
    public bool SkipWord(string word)
    {
        var isNext = Current.IsWord(word);
        _at += isNext ? 1 : 0;
        return isNext;
    }

    /// <summary>Takes an operator or a bracket.</summary>
    /// <exception cref="JinjaError">Something else is next.</exception>
    public void Expect(string sign)
    {
        if (!Skip(sign))
        {
            throw Unexpected($"'{sign}'");
        }
    }

    /// <summary>Takes a token of a kind.</summary>
    /// <exception cref="JinjaError">Something else is next.</exception>
    public Token Expect(TokenKind kind, string shown) => Current.Kind == kind ? Take() : throw Unexpected(shown);

    /// <summary>The error of what is next.</summary>
    /// <param name="wanted">What would be right.</param>
    public JinjaError Unexpected(string wanted) => new($"found {Current.Shown}, expected {wanted}", Current.Place);
}
