using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>What stands behind the colon in a text that <c>format</c> fills in, such as <c>&gt;8.2f</c>.</summary>
internal static partial class FormatSpec
{
    private const int MaxWidth = 100_000;

    /// <summary>Writes a value as a specification wants it.</summary>
    /// <exception cref="JinjaError">The specification does not fit the value.</exception>
    public static string Apply(Rendering rendering, object value, string spec)
    {
        if (spec.Length == 0)
        {
            return PythonText.Of(rendering, value);
        }

        if (value is Undefined)
        {
            throw new JinjaError("unsupported format string passed to Undefined.__format__");
        }

        if (Grammar().Match(spec) is not { Success: true } match)
        {
            throw new JinjaError($"Invalid format specifier '{spec}' for object of type '{TypeNames.Of(value)}'");
        }

        var zero = match.Groups["zero"].Success;
        var fill = match.Groups["fill"].Success ? match.Groups["fill"].Value : zero ? "0" : " ";
        var letter = match.Groups["type"].Success ? match.Groups["type"].Value[0] : '\0';
        var width = Limited(match.Groups["width"].Value) ?? 0;
        var places = Limited(match.Groups["places"].Value);
        var isNumber = value is BigInteger or double || (value is bool && letter is not ('\0' or 's'));
        var align = match.Groups["align"].Success ? match.Groups["align"].Value[0] : isNumber ? zero ? '=' : '>' : '<';
        var text = isNumber ? Number(value, match, letter, places)
            : letter is '\0' or 's' && value is string or Markup or bool or NoneValue ? Text(rendering, value, match, places)
            : throw new JinjaError(value is string ? $"Unknown format code '{letter}' for object of type 'str'"
                : $"unsupported format string passed to {TypeNames.Of(value)}.__format__");
        return Padding.Fill(text, width, align, fill);
    }

    private static string Text(Rendering rendering, object value, Match match, int? places)
    {
        var text = PythonText.Of(rendering, value);
        return match.Groups["sign"].Success || match.Groups["align"].Value == "="
            ? throw new JinjaError("Sign or '=' alignment not allowed in string format specifier")
            : places is { } count ? text[..CodePoints.Unit(text, count)] : text;
    }

    private static string Number(object value, Match match, char letter, int? places)
    {
        var alternate = match.Groups["alternate"].Success;
        string text;
        if (Numbers.Whole(value) is { } whole && letter is '\0' or 'd' or 'b' or 'o' or 'x' or 'X')
        {
            text = places is null ? NumberFormat.Whole(Numbers.Whole(value)!.Value, letter == '\0' ? 'd' : letter, alternate)
                : throw new JinjaError("Precision not allowed in integer format specifier");
        }
        else
        {
            var number = Numbers.Float(value)!.Value;
            text = letter switch
            {
                '%' => NumberFormat.Float(number * 100, 'f', places ?? 6, false) + "%",
                '\0' when places is null => FloatText.Shortest(number),
                '\0' => General(number, places.Value),
                'e' or 'E' or 'f' or 'F' or 'g' or 'G' => NumberFormat.Float(number, letter, places ?? 6, alternate),
                _ => throw new JinjaError($"Unknown format code '{letter}' for object of type '{TypeNames.Of(value)}'"),
            };
        }

        if (match.Groups["group"].Success)
        {
            text = NumberFormat.Grouped(text, match.Groups["group"].Value[0], letter is 'b' or 'o' or 'x' or 'X' ? 4 : 3);
        }

        return text.StartsWith('-') || match.Groups["sign"].Value is "" or "-" ? text : match.Groups["sign"].Value + text;
    }

    // Without a letter there is a digit behind the point in any case.
    private static string General(double number, int places)
    {
        var text = FloatText.General(number, places, keepZeros: false);
        return text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text;
    }

    private static int? Limited(string digits) => digits.Length == 0 ? null
        : digits.Length <= 6 && int.Parse(digits, CultureInfo.InvariantCulture) is var width and <= MaxWidth ? width
        : throw new JinjaError($"a width or precision of {digits} is not supported (0 to {MaxWidth} are)");

    [GeneratedRegex(
        @"^(?:(?<fill>[\ud800-\udbff][\udc00-\udfff]|.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>\#)?(?<zero>0)?(?<width>[0-9]+)?(?<group>[,_])?(?:\.(?<places>[0-9]+))?(?<type>[bcdeEfFgGnosxX%])?$",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
