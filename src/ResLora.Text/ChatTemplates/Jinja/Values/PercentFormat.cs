using System.Globalization;
using System.Numerics;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's <c>text % values</c>.</summary>
internal sealed class PercentFormat
{
    private const int MaxWidth = 100_000;

    private readonly Rendering _rendering;
    private readonly string _format;
    private readonly object _values;
    private readonly StringBuilder _output = new();
    private int _at;
    private int _used;

    private PercentFormat(Rendering rendering, string format, object values) => (_rendering, _format, _values) =
        (rendering, format, values);

    /// <summary>Puts values into a text.</summary>
    /// <param name="rendering">The rendering.</param>
    /// <param name="format">The text.</param>
    /// <param name="values">A tuple, a mapping or one value.</param>
    /// <exception cref="JinjaError">The values do not fit the text.</exception>
    public static string Apply(Rendering rendering, string format, object values) => new PercentFormat(rendering, format, values).Run();

    private string Run()
    {
        while (_at < _format.Length)
        {
            var next = _format.IndexOf('%', _at);
            if (next < 0)
            {
                break;
            }

            _output.Append(_format, _at, next - _at);
            _at = next + 1;
            One();
            _rendering.SpendText(_output.Length > Rendering.MaxText ? _output.Length : 0);
        }

        var unused = _values is TupleValue tuple ? _used < tuple.Count : _used == 0
            && _values is not (DictValue or ListValue or RangeValue or Undefined);
        return unused
            ? throw new JinjaError("not all arguments converted during string formatting")
            : _output.Append(_format, _at, _format.Length - _at).ToString();
    }

    private void One()
    {
        object? value = null;
        if (Peek() == '(')
        {
            var end = _format.IndexOf(')', _at);
            var dict = _values as DictValue ?? throw new JinjaError("format requires a mapping");
            var name = end < 0 ? throw new JinjaError("incomplete format key") : _format[(_at + 1)..end];
            value = dict.TryGet(name, out var found) ? found : throw new JinjaError($"there is no key '{name}' for the format");
            (_at, _used) = (end + 1, 1);
        }

        var flags = Take(c => "-+ #0".Contains(c, StringComparison.Ordinal));
        var width = Number();
        int? places = null;
        if (Peek() == '.')
        {
            _at++;
            places = Number();
        }

        Take(c => c is 'l' or 'h' or 'L');
        var letter = Peek();
        _at++;
        if (letter == '%')
        {
            _output.Append('%');
            return;
        }

        if (letter == '\0')
        {
            throw new JinjaError("incomplete format");
        }

        var text = Convert(value ?? Next(), letter, flags, places);
        var zeros = flags.Contains('0', StringComparison.Ordinal) && !flags.Contains('-', StringComparison.Ordinal)
            && "diouxXeEfFgG".Contains(letter, StringComparison.Ordinal);
        _output.Append(Padding.Fill(text, width, flags.Contains('-', StringComparison.Ordinal) ? '<' : zeros ? '=' : '>', zeros ? "0"
            : " "));
    }

    private string Convert(object value, char letter, string flags, int? places)
    {
        switch (letter)
        {
            case 's':
                return Cut(PythonText.Of(_rendering, value), places);
            case 'r':
                return Cut(PythonText.Quoted(_rendering, value), places);
            case 'c':
                return value is string { Length: > 0 } character && CodePoints.Count(character) == 1 ? character
                    : Numbers.Whole(value) is { } code && Rune.IsValid((int)BigInteger.Clamp(code, -1, int.MaxValue))
                        ? new Rune((int)code).ToString()
                    : throw new JinjaError("%c requires an int or a unicode character");
            case 'd' or 'i' or 'u' or 'o' or 'x' or 'X':
                var whole = NumberFormat.Whole(WholeOf(value, letter), letter, flags.Contains('#', StringComparison.Ordinal));
                return Signed(Padding.Fill(whole, (places ?? 0) + Padding.Prefix(whole), '=', "0"), flags);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                var number = Numbers.Float(value) ?? throw (value as Undefined)?.Error()
                    ?? new JinjaError($"must be real number, not {TypeNames.Of(value)}");
                return Signed(NumberFormat.Float(number, letter, places ?? 6, flags.Contains('#', StringComparison.Ordinal)), flags);
            default:
                throw new JinjaError($"unsupported format character '{letter}' (0x{(int)letter:x}) at index {_at - 1}");
        }
    }

    private static BigInteger WholeOf(object value, char letter) =>
        Numbers.Whole(value)
        ?? (value is double number && double.IsFinite(number) && letter is 'd' or 'i' or 'u' ? new BigInteger((double)value)
            : throw (value as Undefined)?.Error()
                ?? new JinjaError($"%{letter} format: a real number is required, not {TypeNames.Of(value)}"));

    private static string Signed(string number, string flags) => number.StartsWith('-') ? number
        : flags.Contains('+', StringComparison.Ordinal) ? "+" + number
        : flags.Contains(' ', StringComparison.Ordinal) ? " " + number
        : number;

    private static string Cut(string text, int? places) => places is { } count ? text[..CodePoints.Unit(text, count)] : text;

    private object Next()
    {
        var place = _used++;
        return _values switch
        {
            TupleValue tuple when place < tuple.Count => tuple[place],
            not TupleValue when place == 0 => _values,
            _ => throw new JinjaError("not enough arguments for format string"),
        };
    }

    private char Peek() => _at < _format.Length ? _format[_at] : '\0';

    private string Take(Func<char, bool> wanted)
    {
        var start = _at;
        while (_at < _format.Length && wanted(_format[_at]))
        {
            _at++;
        }

        return _format[start.._at];
    }

    private int Number()
    {
        if (Peek() == '*')
        {
            _at++;
            return Limited(Numbers.Whole(Next()) ?? throw new JinjaError("* wants int"));
        }

        var digits = Take(char.IsAsciiDigit);
        return digits.Length == 0 ? 0 : Limited(BigInteger.Parse(digits[..Math.Min(digits.Length, 20)], CultureInfo.InvariantCulture));
    }

    private static int Limited(BigInteger width) => width >= 0 && width <= MaxWidth ? (int)width
        : throw new JinjaError($"a width or precision of {width} is not supported (0 to {MaxWidth} are)");
}
