using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ResLora.Formats.Peft;

/// <summary>
/// Rewrites a regular expression of Python's <c>re</c> for .NET, so that both match the same names: named groups (which .NET would number
/// behind all others), possessive repeats, <c>\Z</c> and others. What Python itself refuses is refused.
/// </summary>
public sealed class PythonRegex
{
    private const int LongestPattern = 10_000;
    private const int DeepestGroup = 64;

    private readonly string _pattern;
    private readonly List<string?> _groups = [null];   // the names of the groups by number; group 0 is the whole match
    private int _at;
    private int _depth;

    private PythonRegex(string pattern) => _pattern = pattern;

    private bool AtEnd => _at >= _pattern.Length;

    /// <summary>Translates a pattern.</summary>
    /// <param name="pattern">The pattern in Python's syntax.</param>
    /// <returns>The same in .NET's, for options that leave its meaning alone.</returns>
    /// <exception cref="FormatException">It is no pattern, or holds something that is not supported: says what.</exception>
    public static string Translate(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Length > LongestPattern)
        {
            throw new FormatException($"it has {pattern.Length} characters, at most {LongestPattern} are read");
        }

        var regex = new PythonRegex(pattern);
        var result = regex.Alternatives();
        return regex.AtEnd ? result : throw new FormatException("a ')' closes nothing");
    }

    private string Alternatives()
    {
        var output = new StringBuilder();
        for (SkipComments(); !AtEnd && _pattern[_at] != ')'; SkipComments())
        {
            output.Append(Take("|") ? "|" : Repeated(Atom()));
        }

        return output.ToString();
    }

    private string Atom()
    {
        var c = _pattern[_at++];
        return c switch
        {
            '(' => Group(),
            '[' => Class(),
            '\\' => Escape(inClass: false),
            '.' or '^' or '$' => c.ToString(),
            '*' or '+' or '?' => throw new FormatException($"'{c}' repeats nothing"),
            _ => Regex.Escape(c.ToString()),
        };
    }

    private string Repeated(string atom)
    {
        SkipComments();
        if (Quantifier() is not { } quantifier)
        {
            return atom;
        }

        if (atom.Length == 0)
        {
            throw new FormatException($"'{quantifier}' repeats nothing");
        }

        var repeated = Take("+") ? $"(?>{atom}{quantifier})" : atom + quantifier + (Take("?") ? "?" : "");
        SkipComments();
        return Quantifier() is { } second ? throw new FormatException($"'{second}' repeats a repeat") : repeated;
    }

    private string? Quantifier()
    {
        if (AtEnd)
        {
            return null;
        }

        if (_pattern[_at] is '*' or '+' or '?')
        {
            return _pattern[_at++].ToString();
        }

        // Without a number or a comma a brace is a brace.
        var braces = Regex.Match(_pattern[_at..], @"^\{(?:(?<least>[0-9]+)|(?<least>[0-9]*)(?<comma>,)(?<most>[0-9]*))\}");
        if (!braces.Success)
        {
            return null;
        }

        _at += braces.Length;
        var least = braces.Groups["least"].Value is { Length: > 0 } number ? number : "0";
        return braces.Groups["comma"].Success ? $"{{{least},{braces.Groups["most"].Value}}}" : $"{{{least}}}";
    }

    private string Group()
    {
        if (++_depth > DeepestGroup)
        {
            throw new FormatException($"its groups are nested more than {DeepestGroup} deep");
        }

        var group = Opened();
        _depth--;
        return group;
    }

    private string Opened()
    {
        if (Take("?P="))
        {
            return BackReference(NumberOf(Until(')')));
        }

        if (Take("?P<") || (_pattern.AsSpan(_at) is ['?', '<', not ('=' or '!'), ..] && Take("?<")))
        {
            _groups.Add(Until('>'));
            return $"({Closed()})";
        }

        if (Take("?("))
        {
            var condition = Until(')');
            var number = int.TryParse(
                condition, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? Existing(given) : NumberOf(condition);
            return $"(?({number}){Closed()})";
        }

        foreach (var kind in (string[])["?:", "?=", "?!", "?<=", "?<!", "?>"])
        {
            if (Take(kind))
            {
                return $"({kind}{Closed()})";
            }
        }

        if (Take("?"))
        {
            return Flags();
        }

        _groups.Add(null);
        return $"({Closed()})";
    }

    /// <summary>Letters that change how a pattern is read; a and u do not where names are plain letters.</summary>
    private string Flags()
    {
        var start = _at;
        while (!AtEnd && (char.IsAsciiLetter(_pattern[_at]) || _pattern[_at] == '-'))
        {
            _at++;
        }

        var flags = _pattern[start.._at];
        if (flags.Length == 0 || flags.Any(flag => !"aiusm-".Contains(flag, StringComparison.Ordinal)))
        {
            throw new FormatException($"the group '(?{flags}' is not supported");
        }

        var kept = flags.Replace("a", "", StringComparison.Ordinal).Replace("u", "", StringComparison.Ordinal).TrimEnd('-');
        if (Take(":"))
        {
            return $"(?{kept}:{Closed()})";
        }

        if (start != "(?".Length || !Take(")"))
        {
            throw new FormatException($"flags for the whole pattern, '(?{flags})', stand at its beginning");
        }

        return kept.Length == 0 ? "" : $"(?{kept})";
    }

    private string Closed()
    {
        var body = Alternatives();
        return Take(")") ? body : throw new FormatException("a '(' is not closed");
    }

    private string Class()
    {
        var output = new StringBuilder("[");
        if (Take("^"))
        {
            output.Append('^');
        }

        for (var isFirst = true; !AtEnd && (isFirst || _pattern[_at] != ']'); isFirst = false)
        {
            var c = _pattern[_at++];
            output.Append(c switch
            {
                '\\' => Escape(inClass: true),
                // For .NET a bracket behind a hyphen takes characters out again, and a bracket in the first place ends the class.
                '[' or ']' => $@"\{c}",
                _ => c.ToString(),
            });
        }

        return Take("]") ? output.Append(']').ToString() : throw new FormatException("a '[' is not closed");
    }

    private string Escape(bool inClass)
    {
        if (AtEnd)
        {
            throw new FormatException("it ends in a backslash");
        }

        var c = _pattern[_at++];
        if (!inClass && c is >= '1' and <= '9')
        {
            var number = c - '0';
            if (!AtEnd && char.IsAsciiDigit(_pattern[_at]))
            {
                number = (number * 10) + (_pattern[_at++] - '0');
            }

            return BackReference(Existing(number));
        }

        return c switch
        {
            'Z' or 'z' when !inClass => @"\z",
            'A' or 'B' when !inClass => $@"\{c}",
            'b' or 'd' or 'D' or 's' or 'S' or 'w' or 'W' or 'a' or 'f' or 'n' or 'r' or 't' or 'v' => $@"\{c}",
            'x' => $@"\x{Hexadecimal(2)}",
            'u' => $@"\u{Hexadecimal(4)}",
            _ when char.IsAsciiLetterOrDigit(c) => throw new FormatException($@"'\{c}' is not supported"),
            '_' => "_",
            _ when c > '\x7f' => c.ToString(),
            _ => $@"\{c}",
        };
    }

    private string Hexadecimal(int count)
    {
        var digits = _pattern.AsSpan(_at, Math.Min(count, _pattern.Length - _at)).ToString();
        _at += digits.Length;
        return digits.Length == count && digits.All(char.IsAsciiHexDigit) ? digits : throw new FormatException(
            $"'{digits}' is no number of {count} hexadecimal digits");
    }

    private static string BackReference(int number) =>
        string.Create(CultureInfo.InvariantCulture, $@"(?:\{number})");   // apart from digits that follow

    private int Existing(int number) =>
        number < _groups.Count ? number : throw new FormatException($"there is no group {number} to refer to");

    private int NumberOf(string name) =>
        _groups.IndexOf(name) is > 0 and var number ? number : throw new FormatException($"there is no group '{name}' to refer to");

    private string Until(char end)
    {
        var stop = _pattern.IndexOf(end, _at);
        var name = stop > _at ? _pattern[_at..stop] : throw new FormatException($"the name of a group lacks its '{end}'");
        _at = stop + 1;
        return name;
    }

    private void SkipComments()
    {
        while (Take("(?#"))
        {
            _ = Take(")") ? "" : Until(')');
        }
    }

    private bool Take(string text)
    {
        var isNext = string.CompareOrdinal(_pattern, _at, text, 0, text.Length) == 0;
        _at += isNext ? text.Length : 0;
        return isNext;
    }
}
