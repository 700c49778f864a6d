using System.Globalization;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>A time as C's <c>strftime</c> writes it, in English.</summary>
internal static class TimeText
{
    /// <summary>Fills a format in.</summary>
    /// <param name="time">The local time.</param>
    /// <param name="format">Text with letters behind percent signs; <c>-</c> before a letter leaves zeros out.</param>
    /// <exception cref="JinjaError">A letter is not known.</exception>
    public static string Format(DateTime time, string format)
    {
        var output = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                output.Append(format[at]);
                continue;
            }

            var bare = at + 1 < format.Length && format[at + 1] == '-';
            at += bare ? 2 : 1;
            var part = Part(time, at < format.Length ? format[at] : '\0')
                ?? throw new JinjaError($"strftime_now: '%{(at < format.Length ? format[at] : "")}' in '{format}' is not supported");
            output.Append(bare ? part.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : "0" : part);
        }

        return output.ToString();
    }

    private static string? Part(DateTime time, char letter) => letter switch
    {
        'a' => Net(time, "ddd"),
        'A' => Net(time, "dddd"),
        'b' or 'h' => Net(time, "MMM"),
        'B' => Net(time, "MMMM"),
        'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
        'C' => Number(time.Year / 100, 2),
        'd' => Number(time.Day, 2),
        'D' or 'x' => Format(time, "%m/%d/%y"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'f' => Number((int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond), 6),
        'F' => Format(time, "%Y-%m-%d"),
        'G' => Number(ISOWeek.GetYear(time), 4),
        'H' => Number(time.Hour, 2),
        'I' => Number((time.Hour + 11) % 12 + 1, 2),
        'j' => Number(time.DayOfYear, 3),
        'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'l' => ((time.Hour + 11) % 12 + 1).ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'm' => Number(time.Month, 2),
        'M' => Number(time.Minute, 2),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => Format(time, "%I:%M:%S %p"),
        'R' => Format(time, "%H:%M"),
        's' => new DateTimeOffset(time).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Number(time.Second, 2),
        't' => "\t",
        'T' or 'X' => Format(time, "%H:%M:%S"),
        'u' => Number(((int)time.DayOfWeek + 6) % 7 + 1, 1),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(time), 2),
        'w' => Number((int)time.DayOfWeek, 1),
        'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2),
        'y' => Number(time.Year % 100, 2),
        'Y' => Number(time.Year, 1),
        // The time that transformers gives has no zone.
        'z' or 'Z' => "",
        '%' => "%",
        _ => null,
    };

    private static string Net(DateTime time, string format) => time.ToString(format, CultureInfo.InvariantCulture);

    private static string Number(int number, int digits) => number.ToString("D" + digits, CultureInfo.InvariantCulture);
}
