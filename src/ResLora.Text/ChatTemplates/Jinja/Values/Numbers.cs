using System.Globalization;
using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Numbers of Python's kinds: true and false are 1 and 0.</summary>
internal static class Numbers
{
    // Python turns no longer numbers than 4300 digits into text.
    private const long MaxBits = 14_000;

    /// <summary>A whole number; null for anything else.</summary>
    public static BigInteger? Whole(object value) => value switch
    {
        bool flag => flag ? 1 : 0,
        BigInteger number => number,
        _ => null,
    };

    /// <summary>A number as a float; null for what is no number.</summary>
    public static double? Float(object value) => value switch
    {
        double number => number,
        _ => Whole(value) is { } whole ? ToFloat(whole) : null,
    };

    /// <summary>Whether a value is a number.</summary>
    public static bool Are(object left, object right) => left is bool or BigInteger or double && right is bool or BigInteger or double;

    /// <summary>A whole number as a float.</summary>
    /// <exception cref="JinjaError">It is too large.</exception>
    public static double ToFloat(BigInteger number) =>
        (double)number is var value && double.IsFinite(value) ? value : throw new JinjaError("int too large to convert to float");

    /// <summary>Looks at the size of a number.</summary>
    /// <exception cref="JinjaError">It is too large.</exception>
    public static BigInteger Checked(BigInteger number) =>
        number.GetBitLength() <= MaxBits ? number : throw new JinjaError("a number has more than 4200 digits");

    /// <summary>Raises a number to a power of 0 or more.</summary>
    /// <exception cref="JinjaError">The result is too large.</exception>
    public static BigInteger Power(BigInteger number, BigInteger power) =>
        BigInteger.Abs(number) <= 1 ? BigInteger.Pow(number, (int)(power % 2) + (power > 1 ? 2 : 0))
        : power * (number.GetBitLength() - 1) <= MaxBits ? Checked(BigInteger.Pow(number, (int)power))
        : throw new JinjaError("a number has more than 4200 digits");

    /// <summary>Divides, rounded down.</summary>
    public static BigInteger FloorDivide(BigInteger left, BigInteger right)
    {
        var quotient = BigInteger.DivRem(left, right, out var rest);
        return !rest.IsZero && rest.Sign != right.Sign ? quotient - 1 : quotient;
    }

    /// <summary>The rest of <see cref="FloorDivide"/>.</summary>
    public static BigInteger Modulo(BigInteger left, BigInteger right) => left - (FloorDivide(left, right) * right);

    /// <summary>The rest of dividing, with the sign of the divisor.</summary>
    public static double Modulo(double left, double right)
    {
        var rest = Math.IEEERemainder(left, right) is double.NaN ? double.NaN : left % right;
        return rest != 0 && rest < 0 != right < 0 ? rest + right : rest == 0 ? Math.CopySign(0, right) : rest;
    }

    /// <summary>Compares a whole number with a float without rounding it; not for NaN.</summary>
    public static int Compare(BigInteger left, double right)
    {
        if (double.IsInfinity(right))
        {
            return right > 0 ? -1 : 1;
        }

        var floor = Math.Floor(right);
        var order = left.CompareTo(new BigInteger(floor));
        return order == 0 && floor < right ? -1 : order;
    }

    /// <summary>Reads a whole number as Python's <c>int</c> does: blanks around, a sign, underscores between digits.</summary>
    /// <param name="text">The text.</param>
    /// <param name="radix">The base, 2 to 36; 0 for what the text's own prefix says.</param>
    /// <returns>The number; null when it is none.</returns>
    public static BigInteger? ParseWhole(string text, int radix)
    {
        var digits = Trimmed(text);
        var negative = digits.StartsWith('-');
        digits = negative || digits.StartsWith('+') ? digits[1..] : digits;
        if (digits is ['0', var letter, ..] && RadixOf(letter) is { } written && (radix == 0 || radix == written))
        {
            (digits, radix) = (digits[2..].TrimStart('_'), written);
        }

        radix = radix == 0 ? 10 : radix;
        if (digits.Length is 0 or > 4300 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        BigInteger number = 0;
        foreach (var c in digits.Where(c => c != '_'))
        {
            var digit = char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : char.IsDigit(c) ? (int)char.GetNumericValue(c)
                : radix;
            if (digit >= radix)
            {
                return null;
            }

            number = (number * radix) + digit;
        }

        return negative ? -number : number;
    }

    /// <summary>Reads a float as Python's <c>float</c> does.</summary>
    public static double? ParseFloat(string text)
    {
        var trimmed = Trimmed(text).ToLowerInvariant();
        var bare = trimmed.TrimStart('+', '-');
        if (bare is "inf" or "infinity" or "nan" && trimmed.Length - bare.Length <= 1)
        {
            return bare == "nan" ? double.NaN : trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        }

        if (bare.Length == 0 || !(char.IsAsciiDigit(bare[0]) || bare[0] == '.') || trimmed.StartsWith('_') || trimmed.EndsWith('_'))
        {
            return null;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(trimmed.Replace("_", "", StringComparison.Ordinal), Style, CultureInfo.InvariantCulture, out var value)
            ? value : null;
    }

    private static int? RadixOf(char letter) => char.ToLowerInvariant(letter) switch
    {
        'x' => 16,
        'o' => 8,
        'b' => 2,
        _ => null,
    };

    private static string Trimmed(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && CodePoints.IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && CodePoints.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }
}
