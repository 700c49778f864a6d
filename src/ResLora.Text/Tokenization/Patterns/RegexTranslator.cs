using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// Rewrites a pattern of Oniguruma (its syntax for Ruby) for .NET, in the letters of a <see cref="PatternAlphabet"/>. What cannot be given
/// the same meaning is refused by name, because a pattern that cuts differently gives other ids without a sound.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="json">Where it stands, for messages.</param>
internal sealed class RegexTranslator(string pattern, TokenizerJsonComponent json)
{
    private const int LongestPattern = 8192;
    private const int LongestTranslation = 1 << 16; // published patterns become some 3,000 characters; .NET needs seconds for a million
    private const int DeepestGroup = 100;
    private const int HighestRepeat = 100_000; // Oniguruma's own

    private static readonly string[] _groupKinds = ["?:", "?=", "?!", "?<=", "?<!", "?>"];
    private static readonly string[] _anchors = ["\\A", "\\z", "\\Z", "\\b", "\\B", "^", "$"];

    private readonly PatternReader _reader = new(pattern, json);
    private int _depth;

    /// <summary>The pattern's sets of characters; complete after <see cref="Translate"/>.</summary>
    public PatternAlphabet Alphabet { get; } = new();

    /// <summary>Translates the pattern.</summary>
    /// <returns>The pattern in .NET's syntax, for texts in the letters of <see cref="Alphabet"/>, to be used without options.</returns>
    /// <exception cref="FileFormatException">The pattern holds something that is not supported.</exception>
    public string Translate()
    {
        if (pattern.Length > LongestPattern)
        {
            throw json.Error($"the pattern has {pattern.Length} characters, at most {LongestPattern} are allowed");
        }

        var result = Alternatives(default);
        if (!_reader.AtEnd)
        {
            throw _reader.Unsupported("an unmatched ')'");
        }

        result = Alphabet.Write(result);
        return result.Length <= LongestTranslation
            ? result
            : throw json.Error(
                $"the pattern becomes {result.Length} characters for .NET, at most {LongestTranslation} are allowed; simplify it");
    }

    private string Alternatives(PatternOptions options)
    {
        var alternatives = new List<string> { "" };
        var letters = new FoldedLetters(Alphabet);
        while (!_reader.AtEnd && _reader.Next != ')')
        {
            if (_reader.Take("|"))
            {
                alternatives[^1] += letters.Flush();
                alternatives.Add("");
            }
            else if (!Ignored(options))
            {
                alternatives[^1] += Item(options, letters);
            }
        }

        alternatives[^1] += letters.Flush();
        return string.Join('|', alternatives);
    }

    // One item with its repetitions. A letter without regard to case waits for its neighbours, with which it may be one character.
    private string Item(PatternOptions options, FoldedLetters letters)
    {
        if (_anchors.FirstOrDefault(_reader.Take) is { } anchor)
        {
            return IsRepeated(options) ? throw _reader.Unsupported($"a repetition of '{anchor}'") : letters.Flush() + Anchor(anchor);
        }

        var lookaround = _reader.Rest is ['(', '?', '=' or '!', ..] or ['(', '?', '<', '=' or '!', ..];
        var (atom, folded) = Atom(options);
        if (!IsRepeated(options))
        {
            return folded is { } letter ? letters.Add(letter) : letters.Flush() + atom;
        }

        if (lookaround)
        {
            throw _reader.Unsupported("a repeated look at what stands around");
        }

        while (IsRepeated(options))
        {
            atom = Repeated(atom);
        }

        return letters.Flush() + atom;
    }

    private (string Text, int? Folded) Atom(PatternOptions options)
    {
        if (_reader.Take("("))
        {
            return (Group(options), null);
        }

        if (_reader.Take("["))
        {
            var (set, longer) = PatternClass.Read(_reader, options.IgnoreCase);
            return (
                longer.Count == 0
                    ? Mention(set)
                    : $"(?:{Mention(set)}|{string.Join('|', longer.Select(points => FoldedLetters.Sequence(Alphabet, points)))})",
                null);
        }

        if (_reader.Take("."))
        {
            return (Mention(options.AnyLine ? CodePointSet.All : PatternSets.NotLineFeed), null);
        }

        if (_reader.Take("\\R"))
        {
            var ends = CodePointSet.Of('\n', '\r').Or(CodePointSet.Of(0x85)).Or(CodePointSet.Of(0x2028, 0x2029));
            return ($"(?>{Mention(CodePointSet.Of('\r'))}{Mention(CodePointSet.Of('\n'))}|{Mention(ends)})", null);
        }

        if (IsRepeated(options))
        {
            throw _reader.Unsupported($"'{_reader.Next}' at this place");
        }

        var escape = _reader.Take("\\") ? PatternEscape.Read(_reader, bracketed: false) : new PatternEscape(_reader.ReadPoint());
        return escape.Set is { } named ? (Mention(named), null)
            : options.IgnoreCase ? (FoldedLetters.One(Alphabet, escape.Point), escape.Point)
            : (Mention(CodePointSet.Of(escape.Point)), null);
    }

    private string Group(PatternOptions options)
    {
        if (++_depth > DeepestGroup)
        {
            throw _reader.Unsupported($"more than {DeepestGroup} nested groups");
        }

        var kind = _groupKinds.FirstOrDefault(_reader.Take);
        var isOpen = false;
        if (kind is null && _reader.Next == '?')
        {
            kind = "?:";
            if (!Named())
            {
                var shown = _reader.Rest[..Math.Min(3, _reader.Rest.Length)].ToString();
                options = options.Read(_reader, out isOpen) ?? throw _reader.Unsupported($"the group ({shown}");
            }
        }
        else if (_reader.Next == '*')
        {
            throw _reader.Unsupported("the group (*");
        }

        // Options that stand alone hold up to the end of the group around them.
        var body = Alternatives(options);
        _depth--;
        if (!isOpen)
        {
            _reader.Require(")", "an unmatched '('");
        }

        return $"({kind ?? "?:"}{body})";
    }

    // What a named group is called does not matter where nothing refers to it.
    private bool Named()
    {
        var quote = _reader.Take("?<") ? ">" : _reader.Take("?'") ? "'" : null;
        return quote is not null && (_reader.ReadUntil(quote) is { Length: > 0 } name && !char.IsAsciiDigit(name[0])
            ? true
            : throw _reader.Unsupported("a group without a name"));
    }

    private string Anchor(string anchor)
    {
        var (word, feed) = (Mention(PatternSets.BareWord), Mention(CodePointSet.Of('\n')));
        return anchor switch
        {
            "^" => $"(?:\\A|(?<={feed})(?!\\z))",
            "$" => $"(?=\\z|{feed})",
            "\\Z" => $"(?={feed}?\\z)",
            "\\b" => $"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))",
            "\\B" => $"(?:(?<={word})(?={word})|(?<!{word})(?!{word}))",
            _ => anchor,
        };
    }

    private bool IsRepeated(PatternOptions options)
    {
        while (Ignored(options))
        {
        }

        return _reader.Next is '*' or '+' or '?' || PatternCount.Read(_reader, take: false) is not null;
    }

    // .NET has no possessive quantifiers: X++ is written (?>X+). X{2}? is X{2} or nothing, X{2}+ one after the other. It takes (?>X+){2}
    // for
    // X{2,}, which a capturing group in between prevents.
    private string Repeated(string atom)
    {
        atom = atom.Contains("(?>", StringComparison.Ordinal) ? $"({atom})" : $"(?:{atom})";
        if (PatternCount.Read(_reader, take: true) is { } count)
        {
            if (Math.Max(count.Least, count.Most ?? 0) > HighestRepeat)
            {
                throw _reader.Unsupported($"more than {HighestRepeat} repetitions");
            }

            return count.Most < count.Least ? $"(?>{atom}{{{count.Most},{count.Least}}})"
                : count.IsFixed ? $"(?:{atom}{{{count.Least}}})"
                : $"(?:{atom}{{{count.Least},{count.Most?.ToString(CultureInfo.InvariantCulture)}}}{(_reader.Take("?") ? "?" : "")})";
        }

        var quantifier = (char)_reader.ReadPoint();
        return _reader.Take("+") ? $"(?>{atom}{quantifier})" : $"(?:{atom}{quantifier}{(_reader.Take("?") ? "?" : "")})";
    }

    // Takes a comment, or what does not count with the option x.
    private bool Ignored(PatternOptions options)
    {
        if (_reader.Take("(?#"))
        {
            return _reader.ReadUntil(")") is not null ? true : throw _reader.Unsupported("an open comment");
        }

        if (options.Extended && _reader.Take("#"))
        {
            _reader.Skip(_reader.ReadUntil("\n") is null ? _reader.Rest.Length : 0);
            return true;
        }

        var blank = options.Extended && _reader.Next is (' ' or '\t' or '\n' or '\r' or '\f' or '\v');
        _reader.Skip(blank ? 1 : 0);
        return blank;
    }

    private string Mention(CodePointSet set) => Alphabet.Mention(set).ToString();
}
