using System.Globalization;
using ResLora.Formats;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Figures in words.</summary>
internal static class FigureText
{
    /// <summary>What stands where there is nothing.</summary>
    public const string Nothing = "";

    /// <summary>A number.</summary>
    /// <param name="value">The number; null for none.</param>
    /// <param name="style">How it is written.</param>
    public static string Of(double? value, FigureStyle style) => value switch
    {
        null => Nothing,
        { } number when !double.IsFinite(number) => "not a number",
        { } number => style switch
        {
            FigureStyle.Bytes => ByteSize.Format((long)number),
            FigureStyle.Count => number.ToString("N0", CultureInfo.InvariantCulture),
            FigureStyle.Short => number.ToString("0.0", CultureInfo.InvariantCulture),
            _ => number.ToString(Math.Abs(number) is > 0 and < 0.001 ? "0.0e+0" : "0.0000", CultureInfo.InvariantCulture),
        },
    };

    /// <summary>A mean with its interval; the values themselves where there is no mean.</summary>
    /// <param name="figure">The figure; null for none.</param>
    /// <param name="style">How its numbers are written.</param>
    public static string Of(Figure? figure, FigureStyle style)
    {
        if (figure is null)
        {
            return Nothing;
        }

        if (figure.Mean is null)
        {
            return string.Join(", ", figure.Values.Select(value => value is null ? "never" : Of(value, style)));
        }

        return figure is { Low: { } low, High: { } high }
            ? $"{Of(figure.Mean, style)} ({Of(low, style)} to {Of(high, style)})"
            : Of(figure.Mean, style);
    }
}
