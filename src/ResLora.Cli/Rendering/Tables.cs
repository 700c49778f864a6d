using System.Globalization;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>How tables, numbers and lines look in every command.</summary>
internal static class Tables
{
    /// <summary>Two columns without a frame: name and value.</summary>
    /// <param name="facts">The rows; plain text.</param>
    public static FactList Facts(IEnumerable<KeyValuePair<string, string>> facts) => new(facts);

    /// <summary>A table with a head; columns whose name ends with <c>&gt;</c> hold numbers and stand right.</summary>
    /// <param name="columns">The names.</param>
    public static TextTable Of(params string[] columns) => new(columns);

    /// <summary>A line of plain text, never broken: what can be copied must stay in one piece.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="text">The text.</param>
    public static void Line(IAnsiConsole terminal, string text) =>
        terminal.Profile.Out.Writer.WriteLine(TerminalText.Escape(text, keepsLines: true));

    /// <summary>Sentences, broken between words.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="text">The text.</param>
    public static void Sentence(IAnsiConsole terminal, string text) => terminal.Write(new Prose(text));

    /// <summary>A count with separators: <c>1,234,567</c>.</summary>
    /// <param name="count">The count.</param>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A loss or a difference with as many digits as mean something.</summary>
    /// <param name="value">The number.</param>
    public static string Number(double value) =>
        value.ToString(Math.Abs(value) is > 0 and < 0.001 ? "0.0e+0" : "0.0000", CultureInfo.InvariantCulture);

    /// <summary>A share in percent.</summary>
    /// <param name="share">From 0 to 1.</param>
    public static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    /// <summary>yes or no.</summary>
    /// <param name="value">The answer.</param>
    public static string YesNo(bool value) => value ? "yes" : "no";

    /// <summary>A time such as <c>1:05</c> or <c>2:01:05</c>.</summary>
    /// <param name="time">The time.</param>
    public static string Time(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
