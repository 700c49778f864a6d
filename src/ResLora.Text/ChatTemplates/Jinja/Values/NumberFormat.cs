using System.Globalization;
using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Numbers by a letter of Python's formats.</summary>
internal static class NumberFormat
{
    /// <summary>A whole number in a base, with a sign when it is negative.</summary>
    /// <param name="number">The number.</param>
    /// <param name="letter">One of d, b, o, x and X.</param>
    /// <param name="prefixed">Whether the base stands in front, as 0x.</param>
    public static string Whole(BigInteger number, char letter, bool prefixed)
    {
        var radix = char.ToLowerInvariant(letter) switch
        {
            'b' => 2,
            'o' => 8,
            'x' => 16,
            _ => 10,
        };
        var digits = radix == 10 ? BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture) : Digits(BigInteger.Abs(number), radix);
        digits = (prefixed && radix != 10 ? "0" + letter : "") + (letter == 'X' ? digits.ToUpperInvariant() : digits);
        return (number < 0 ? "-" : "") + digits;
    }

    /// <summary>A float.</summary>
    /// <param name="number">The number.</param>
    /// <param name="letter">One of e, f and g, and their capitals.</param>
    /// <param name="places">The precision.</param>
    /// <param name="keepZeros">Whether <c>g</c> keeps zeros at the end.</param>
    public static string Float(double number, char letter, int places, bool keepZeros)
    {
        if (places > 400)
        {
            throw new JinjaError("more than 400 digits behind the point are not supported");
        }

        var text = char.ToLowerInvariant(letter) switch
        {
            'e' => FloatText.Exponential(number, places),
            'f' => FloatText.Fixed(number, places),
            _ => FloatText.General(number, places, keepZeros),
        };
        return char.IsUpper(letter) ? text.ToUpperInvariant() : text;
    }

    /// <summary>Puts a separator between groups of digits before the point.</summary>
    public static string Grouped(string number, char separator, int size)
    {
        var start = number.TakeWhile(c => !char.IsAsciiHexDigit(c)).Count();
        var end = start;
        while (end < number.Length && char.IsAsciiHexDigit(number[end]))
        {
            end++;
        }

        for (var place = end - size; place > start; place -= size)
        {
            number = number.Insert(place, separator.ToString());
        }

        return number;
    }

    private static string Digits(BigInteger number, int radix)
    {
        var digits = new Stack<char>();
        do
        {
            digits.Push("0123456789abcdef"[(int)(number % radix)]);
            number /= radix;
        }
        while (number > 0);
        return new string([.. digits]);
    }
}
