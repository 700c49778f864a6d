using System.Text.RegularExpressions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Cuts what stands inside of a tag into tokens.</summary>
/// <param name="source">The template.</param>
/// <param name="places">Its lines.</param>
/// <param name="tokens">Where tokens are added.</param>
internal sealed partial class ExpressionLexer(string source, PlaceFinder places, List<Token> tokens)
{
    private static readonly string[] _signs =
    [
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
            ";",
    ];

    // What closes the brackets that are open; the end of a tag inside of them is none.
    private readonly Stack<char> _open = new();

    /// <summary>Cuts up to the end of the tag.</summary>
    /// <param name="at">Where to begin.</param>
    /// <param name="isBlock">Whether the tag holds a statement.</param>
    /// <param name="start">Where the tag begins, for messages.</param>
    /// <returns>Where the end of the tag begins, with its sign.</returns>
    /// <exception cref="JinjaError">There is no end, or a character has no meaning.</exception>
    public int Run(int at, bool isBlock, int start)
    {
        while (at < source.Length)
        {
            if (CodePoints.IsSpace(source[at]))
            {
                at++;
            }
            else if (_open.Count == 0 && IsEnd(at, isBlock))
            {
                tokens.Add(new Token(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", places.Of(at)));
                return at;
            }
            else
            {
                at = One(at);
            }
        }

        throw new JinjaError($"the tag that begins here has no end '{(isBlock ? "%}" : "}}")}'", places.Of(start));
    }

    private bool IsEnd(int at, bool isBlock)
    {
        var end = source[at] == '-' || (source[at] == '+' && isBlock) ? at + 1 : at;
        return string.CompareOrdinal(source, end, isBlock ? "%}" : "}}", 0, 2) == 0;
    }

    private int One(int at)
    {
        var afterPoint = at > 0 && source[at - 1] == '.';
        if (!afterPoint && Float().Match(source, at) is { Success: true } real)
        {
            return Add(TokenKind.Float, real.Value, at);
        }

        if (Integer().Match(source, at) is { Success: true } whole)
        {
            return Add(TokenKind.Integer, whole.Value, at);
        }

        if (Name().Match(source, at) is { Success: true } name)
        {
            return Add(TokenKind.Name, name.Value, at);
        }

        if (source[at] is '\'' or '"')
        {
            return Quoted(at);
        }

        var sign = Array.Find(_signs, sign => string.CompareOrdinal(source, at, sign, 0, sign.Length) == 0)
            ?? throw new JinjaError($"the character '{source[at]}' has no meaning here", places.Of(at));
        Balance(sign, at);
        return Add(TokenKind.Sign, sign, at);
    }

    private int Quoted(int at)
    {
        var end = at + 1;
        while (end < source.Length && source[end] != source[at])
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        if (end >= source.Length)
        {
            throw new JinjaError("the text that begins here has no quote at its end", places.Of(at));
        }

        try
        {
            tokens.Add(new Token(TokenKind.Quoted, Escapes.Replace(source[(at + 1)..end]), places.Of(at)));
        }
        catch (JinjaError error) when (error.IsCaughtAt(places.Of(at)))
        {
            throw;
        }

        return end + 1;
    }

    private void Balance(string sign, int at)
    {
        switch (sign)
        {
            case "(":
                _open.Push(')');
                break;
            case "[":
                _open.Push(']');
                break;
            case "{":
                _open.Push('}');
                break;
            case ")" or "]" or "}" when !_open.TryPop(out var expected) || expected != sign[0]:
                throw new JinjaError($"unexpected '{sign}'{(expected == '\0' ? "" : $", expected '{expected}'")}", places.Of(at));
        }
    }

    private int Add(TokenKind kind, string text, int at)
    {
        tokens.Add(new Token(kind, text, places.Of(at)));
        return at + text.Length;
    }

    [GeneratedRegex(@"\G(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+\-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+)")]
    private static partial Regex Float();

    [GeneratedRegex(@"\G(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)")]
    private static partial Regex Integer();

    [GeneratedRegex(@"\G[\w-[0-9]]\w*")]
    private static partial Regex Name();
}
