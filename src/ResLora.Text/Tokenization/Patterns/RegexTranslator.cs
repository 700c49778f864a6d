using System.Globalization;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// Rewrites an Oniguruma pattern for .NET. Only constructs whose meaning is known to be the same, or can be made the same,
/// pass; everything else is refused by name, because a pattern that cuts differently gives other ids without a sound.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="json">Where it stands, for messages.</param>
internal sealed class RegexTranslator(string pattern, TokenizerJsonComponent json)
{
    private const int LongestPattern = 8192;
    private const int DeepestGroup = 32;
    private const int HighestRepeat = 1000;

    private static readonly HashSet<string> _categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi",
        "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co", "Cn",
    ];

    private static readonly string[] _groupKinds = ["?:", "?=", "?!", "?<=", "?<!", "?>"];

    private readonly List<(char First, char Last)> _literals = [];
    private int _at;
    private int _depth;

    /// <summary>The characters that the pattern names one by one or as ranges; complete after <see cref="Translate"/>.</summary>
    public IReadOnlyList<(char First, char Last)> Literals => _literals;

    private bool AtEnd => _at >= pattern.Length;

    /// <summary>Translates the pattern.</summary>
    /// <returns>The pattern in .NET's syntax, to be used without options that change its meaning.</returns>
    /// <exception cref="FileFormatException">The pattern holds something that is not supported.</exception>
    public string Translate()
    {
        if (pattern.Length > LongestPattern)
        {
            throw json.Error($"the pattern has {pattern.Length} characters, at most {LongestPattern} are allowed");
        }

        var result = Alternatives(ignoreCase: false);
        return AtEnd ? result : throw Unsupported("an unmatched ')'");
    }

    private string Alternatives(bool ignoreCase)
    {
        var output = new StringBuilder();
        while (!AtEnd && pattern[_at] != ')')
        {
            if (Take("|"))
            {
                output.Append('|');
            }
            else
            {
                output.Append(Repeated(Atom(ignoreCase)));
            }
        }

        return output.ToString();
    }

    private string Atom(bool ignoreCase)
    {
        var c = pattern[_at++];
        return c switch
        {
            '(' => Group(ignoreCase),
            '[' => Class(ignoreCase),
            '.' => ".",
            '\\' => Escape() is var (set, literal) && set is not null ? set : Literal(literal, ignoreCase),
            '^' or '$' or '{' or '*' or '+' or '?' => throw Unsupported($"'{c}' at this place"),
            _ => Literal(c, ignoreCase),
        };
    }

    private string Group(bool ignoreCase)
    {
        if (++_depth > DeepestGroup)
        {
            throw Unsupported($"more than {DeepestGroup} nested groups");
        }

        string opening;
        if (Take("?i:"))
        {
            (opening, ignoreCase) = ("(?:", true);
        }
        else if (_groupKinds.FirstOrDefault(Take) is { } kind)
        {
            opening = "(" + kind;
        }
        else if (!AtEnd && pattern[_at] == '?')
        {
            throw Unsupported($"the group ({pattern.AsSpan(_at, Math.Min(3, pattern.Length - _at))}");
        }
        else
        {
            opening = "(?:";
        }

        var body = Alternatives(ignoreCase);
        _depth--;
        return Take(")") ? $"{opening}{body})" : throw Unsupported("an unmatched '('");
    }

    // .NET has no possessive quantifiers: X++ is written (?>X+).
    private string Repeated(string atom)
    {
        if (AtEnd || pattern[_at] is not ('*' or '+' or '?' or '{'))
        {
            return atom;
        }

        var counted = pattern[_at] == '{';
        var quantifier = counted ? Count() : pattern[_at++].ToString();
        var result = counted ? atom + quantifier
            : Take("+") ? $"(?>{atom}{quantifier})"
            : atom + quantifier + (Take("?") ? "?" : "");
        return AtEnd || pattern[_at] is not ('*' or '+' or '?' or '{') ? result : throw Unsupported("a repeated repetition");
    }

    private string Count()
    {
        var end = pattern.IndexOf('}', _at);
        var text = end < 0 ? "" : pattern[_at..(end + 1)];
        var bounds = text.Trim('{', '}').Split(',');
        var valid = bounds.Length <= 2 && Bounded(bounds[0]) && (bounds.Length == 1 || bounds[1].Length == 0 || Bounded(bounds[1]));
        _at = end + 1;
        return valid ? text : throw Unsupported($"the repetition '{text}'");

        static bool Bounded(string number) =>
            int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= HighestRepeat;
    }

    private string Class(bool ignoreCase)
    {
        var output = new StringBuilder(Take("^") ? "[^" : "[");
        var empty = output.Length;
        while (!AtEnd && pattern[_at] != ']')
        {
            output.Append(ClassItem(ignoreCase));
        }

        return Take("]") && output.Length > empty ? output.Append(']').ToString() : throw Unsupported("an open or empty character class");
    }

    private string ClassItem(bool ignoreCase)
    {
        var c = pattern[_at++];
        var (set, first) = c switch
        {
            '[' => throw Unsupported("a class within a class"),
            '&' when Take("&") => throw Unsupported("the intersection of classes '&&'"),
            '-' when !AtEnd && pattern[_at] != ']' && pattern[_at - 2] != '[' && pattern[_at - 2] != '^' => throw Unsupported("'-' at this place of a class"),
            '\\' => Escape(),
            _ => (null, c),
        };
        if (set is not null)
        {
            return set;
        }

        // "a-z", but not the "-" that ends a class.
        if (_at + 1 >= pattern.Length || pattern[_at] != '-' || pattern[_at + 1] == ']')
        {
            return string.Concat(Cases(first, ignoreCase).Select(Mention));
        }

        _at++;
        var (noSet, last) = pattern[_at++] is var next && next == '\\' ? Escape() : (null, next);
        if (ignoreCase || noSet is not null || last < first || last == '[')
        {
            throw Unsupported($"the range that begins with '{first}'");
        }

        _literals.Add((first, last));
        return $"{Hex(first)}-{Hex(last)}";
    }

    // What follows a backslash: a set of characters in .NET's syntax, or one character.
    private (string? Set, char Literal) Escape()
    {
        if (AtEnd)
        {
            throw Unsupported("a final backslash");
        }

        var c = pattern[_at++];
        switch (c)
        {
            case 's' or 'S' or 'd' or 'D':
                return ($"\\{c}", default);
            case 'r':
                return (null, '\r');
            case 'n':
                return (null, '\n');
            case 't':
                return (null, '\t');
            case 'u' when _at + 4 <= pattern.Length
                && ushort.TryParse(pattern.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                _at += 4;
                return (null, (char)unit);
            case 'p' or 'P' when Take("{") && pattern.IndexOf('}', _at) is var end and > 0:
                var name = pattern[_at..end];
                _at = end + 1;
                return _categories.Contains(name) ? ($"\\{c}{{{name}}}", default) : throw Unsupported($"the property \\{c}{{{name}}}");
            default:
                return char.IsAsciiLetterOrDigit(c) ? throw Unsupported($"the escape \\{c}") : (null, c);
        }
    }

    private string Literal(char c, bool ignoreCase)
    {
        var cases = string.Concat(Cases(c, ignoreCase).Select(Mention));
        return cases.Length == Hex(c).Length ? cases : $"[{cases}]";
    }

    // Unicode's simple case folding: the long s and the kelvin sign fold to ASCII letters too.
    private string Cases(char c, bool ignoreCase) => (ignoreCase, char.ToLowerInvariant(c)) switch
    {
        (false, _) => c.ToString(),
        (_, 's') => "sS\u017F",
        (_, 'k') => "kK\u212A",
        (_, var lower) when char.IsAsciiLetterLower(lower) => $"{lower}{char.ToUpperInvariant(lower)}",
        _ when char.IsLetter(c) => throw Unsupported($"the letter '{c}' without regard to case"),
        _ => c.ToString(),
    };

    private string Mention(char c)
    {
        if (char.IsSurrogate(c))
        {
            throw Unsupported("a character above U+FFFF");
        }

        _literals.Add((c, c));
        return Hex(c);
    }

    private bool Take(string text)
    {
        var found = string.CompareOrdinal(pattern, _at, text, 0, text.Length) == 0;
        _at += found ? text.Length : 0;
        return found;
    }

    private static string Hex(char c) => $"\\u{(int)c:X4}";

    private FileFormatException Unsupported(string what) => json.Error($"the pattern '{pattern}' uses {what}, which is not supported");
}
