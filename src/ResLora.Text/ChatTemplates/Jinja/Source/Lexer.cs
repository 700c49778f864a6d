using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>
/// Cuts a template into tokens. White space is handled as transformers asks Jinja to: a line feed behind a statement or a comment goes
/// away (trim_blocks), and so do blanks before one at the start of a line (lstrip_blocks), unless the tag says otherwise by - or +.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly PlaceFinder _places;
    private readonly List<Token> _tokens = [];
    private int _at;

    // Whether what comes next begins a line: a text without a line feed is stripped at its start only then.
    private bool _lineStarts = true;

    private Lexer(string source)
    {
        _source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (_source.EndsWith('\n'))
        {
            _source = _source[..^1];
        }

        _places = new PlaceFinder(_source);
    }

    /// <summary>Cuts a template.</summary>
    /// <param name="source">The template.</param>
    /// <returns>The tokens; the last is <see cref="TokenKind.End"/>.</returns>
    /// <exception cref="JinjaError">Something is not closed, or a character has no meaning.</exception>
    public static IReadOnlyList<Token> Tokens(string source) => new Lexer(source).Run();

    private List<Token> Run()
    {
        while (_at < _source.Length)
        {
            var next = NextTag();
            if (next < 0)
            {
                AddData(_source[_at..], _at);
                _at = _source.Length;
                break;
            }

            Tag(next);
        }

        _tokens.Add(new Token(TokenKind.End, "", _places.Of(_source.Length)));
        return _tokens;
    }

    private int NextTag()
    {
        for (var at = _source.IndexOf('{', _at); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private void Tag(int start)
    {
        var kind = _source[start + 1];
        var sign = SignAt(start + 2);
        AddData(Stripped(_source[_at..start], sign, kind != '{'), _at);
        _at = start + (sign == '\0' ? 2 : 3);
        _lineStarts = false;
        if (kind == '#')
        {
            Comment(start);
        }
        else if (kind == '%' && WordTagEnd(_at, "raw") is { } end)
        {
            Raw(start, end);
        }
        else
        {
            var isBlock = kind == '%';
            _tokens.Add(new Token(isBlock ? TokenKind.BlockBegin : TokenKind.VariableBegin, _source[start.._at], _places.Of(start)));
            _at = new ExpressionLexer(_source, _places, _tokens).Run(_at, isBlock, start);
            EndTag(isBlock);
        }
    }

    private void Comment(int start)
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new JinjaError("the comment that begins here has no end '#}'", _places.Of(start));
        }

        _at = end > _at && _source[end - 1] is '-' or '+' ? end - 1 : end;
        EndTag(trims: true);
    }

    private void Raw(int start, int end)
    {
        _at = end;
        EndTag(trims: false);
        for (var at = _source.IndexOf("{%", _at, StringComparison.Ordinal); at >= 0; at =
            _source.IndexOf("{%", at + 1, StringComparison.Ordinal))
        {
            var sign = SignAt(at + 2);
            if (WordTagEnd(at + (sign == '\0' ? 2 : 3), "endraw") is { } close)
            {
                AddData(Stripped(_source[_at..at], sign, strips: true), _at);
                _at = close;
                EndTag(trims: true);
                return;
            }
        }

        throw new JinjaError("the 'raw' block that begins here has no 'endraw'", _places.Of(start));
    }

    // Where the end of a tag with nothing but a word begins; null for another tag.
    private int? WordTagEnd(int at, string word)
    {
        at = SkipSpace(at);
        if (string.CompareOrdinal(_source, at, word, 0, word.Length) != 0)
        {
            return null;
        }

        at = SkipSpace(at + word.Length);
        var end = at < _source.Length && (_source[at] == '-' || (_source[at] == '+' && word == "endraw")) ? at + 1 : at;
        return string.CompareOrdinal(_source, end, "%}", 0, 2) == 0 ? at : null;
    }

    // Goes behind the end of a tag and the white space that it takes with it.
    private void EndTag(bool trims)
    {
        var sign = _source[_at];
        _at += sign is '-' or '+' ? 3 : 2;
        if (sign == '-')
        {
            _at = SkipSpace(_at);
        }
        else if (sign != '+' && trims && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }

        _lineStarts = _source[_at - 1] == '\n';
    }

    private string Stripped(string text, char sign, bool strips)
    {
        if (sign == '-')
        {
            var end = text.Length;
            while (end > 0 && CodePoints.IsSpace(text[end - 1]))
            {
                end--;
            }

            return text[..end];
        }

        var line = text.LastIndexOf('\n') + 1;
        return sign != '+' && strips && (line > 0 || _lineStarts) && text.Skip(line).All(CodePoints.IsSpace) ? text[..line] : text;
    }

    private char SignAt(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    private int SkipSpace(int at)
    {
        while (at < _source.Length && CodePoints.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void AddData(string text, int at)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Data, text, _places.Of(at)));
        }
    }
}
