using System.Globalization;
using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Floats as Python writes them.</summary>
internal static class FloatText
{
    private const int Mantissa = 52;
    private const int Bias = 1075;

    /// <summary>The shortest text that reads as the same number.</summary>
    public static string Shortest(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var (mantissa, power) = value.ToString("R", CultureInfo.InvariantCulture).TrimStart('-').Split('E') is [var m, var p]
            ? (m, int.Parse(p, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            : (Math.Abs(value).ToString("R", CultureInfo.InvariantCulture), 0);
        var sign = double.IsNegative(value) ? "-" : "";
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
        {
            return sign + "0.0";
        }

        var exponent = power + Exponent(mantissa);
        return sign + exponent switch
        {
            < -4 or >= 16 => Scientific(digits, exponent, "e"),
            < 0 => "0." + new string('0', -exponent - 1) + digits,
            _ when digits.Length <= exponent + 1 => digits.PadRight(exponent + 1, '0') + ".0",
            _ => digits[..(exponent + 1)] + "." + digits[(exponent + 1)..],
        };
    }

    /// <summary>With so many digits behind the point, halves to the even neighbour (<c>%.2f</c>).</summary>
    public static string Fixed(double value, int places)
    {
        if (!double.IsFinite(value))
        {
            return Shortest(value);
        }

        var scaled = Scaled(value, places);
        var digits = BigInteger.Abs(scaled).ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return (double.IsNegative(value) ? "-" : "") + digits[..^places] + (places > 0 ? "." + digits[^places..] : "");
    }

    /// <summary>With one digit before the point and so many behind it (<c>%.2e</c>).</summary>
    public static string Exponential(double value, int places)
    {
        if (!double.IsFinite(value))
        {
            return Shortest(value);
        }

        var (digits, exponent) = Significant(Math.Abs(value), places + 1);
        return (double.IsNegative(value) ? "-" : "") + Scientific(digits, exponent, "e", places);
    }

    /// <summary>With so many digits, in the shorter of the two forms (<c>%g</c>).</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">How many digits; at least one.</param>
    /// <param name="keepZeros">Whether zeros at the end stay.</param>
    public static string General(double value, int digits, bool keepZeros)
    {
        if (!double.IsFinite(value))
        {
            return Shortest(value);
        }

        digits = Math.Max(digits, 1);
        var (found, exponent) = Significant(Math.Abs(value), digits);
        var isFixed = exponent >= -4 && exponent < digits;
        var text = isFixed ? Fixed(Math.Abs(value), digits - 1 - exponent) : Scientific(found, exponent, "e", digits - 1);
        if (!keepZeros)
        {
            var (mantissa, power) = text.Split('e') is [var m, var p] ? (m, "e" + p) : (text, "");
            text = (mantissa.Contains('.', StringComparison.Ordinal) ? mantissa.TrimEnd('0').TrimEnd('.') : mantissa) + power;
        }

        return (double.IsNegative(value) ? "-" : "") + text;
    }

    /// <summary>Rounded to so many digits behind the point (before it, when negative), as Python's <c>round</c> does.</summary>
    public static double Round(double value, int places) => !double.IsFinite(value) || places > 323 ? value
        : places >= 0 ? double.Parse(Fixed(value, places), CultureInfo.InvariantCulture)
        : places < -308 ? Math.CopySign(0, value)
        : Math.CopySign((double)(Scaled(value, places) * BigInteger.Pow(10, -places)), value);

    private static string Scientific(string digits, int exponent, string mark, int? places = null)
    {
        var behind = places is { } count ? digits[1..].PadRight(count, '0') : digits[1..];
        return digits[..1] + (behind.Length > 0 ? "." + behind : "") + mark
            + (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
    }

    private static int Exponent(string mantissa)
    {
        var (before, behind) = mantissa.Split('.') is [var b, var a] ? (b, a) : (mantissa, "");
        return before.TrimStart('0').Length > 0 ? before.TrimStart('0').Length - 1 : -1 - (behind.Length - behind.TrimStart('0').Length);
    }

    // So many digits of a number that is not negative, and the power of ten of the first.
    private static (string Digits, int Exponent) Significant(double value, int count)
    {
        if (value == 0)
        {
            return (new string('0', count), 0);
        }

        var exponent = (int)Math.Floor(Math.Log10(value)) + 1;
        while (true)
        {
            var digits = Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
            if (digits.Length >= count)
            {
                // One digit too many is a number that was rounded up to a power of ten, or an exponent that was too low.
                return digits.Length == count ? (digits, exponent) : (digits[..count], exponent + 1);
            }

            exponent--;
        }
    }

    // value · 10^places as a whole number, halves to the even neighbour: from the bits, so nothing is rounded twice.
    private static BigInteger Scaled(double value, int places)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var raw = (int)((bits >> Mantissa) & 0x7FF);
        BigInteger top = (bits & ((1L << Mantissa) - 1)) | (raw > 0 ? 1L << Mantissa : 0);
        var power = Math.Max(raw, 1) - Bias;
        BigInteger bottom = 1;
        (top, bottom) = places >= 0 ? (top * BigInteger.Pow(10, places), bottom) : (top, BigInteger.Pow(10, -places));
        (top, bottom) = power >= 0 ? (top << power, bottom) : (top, bottom << -power);
        var quotient = BigInteger.DivRem(top, bottom, out var rest);
        var twice = (rest * 2).CompareTo(bottom);
        quotient += twice > 0 || (twice == 0 && !quotient.IsEven) ? 1 : 0;
        return bits < 0 ? -quotient : quotient;
    }
}
