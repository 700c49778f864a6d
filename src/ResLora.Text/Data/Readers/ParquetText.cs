using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Parquet.Meta;

namespace ResLora.Text.Data.Readers;

/// <summary>Writes Parquet's values as text, in the same form everywhere: dates and times as in ISO 8601, numbers with a point.</summary>
internal static class ParquetText
{
    private const string TimeFormat = "HH:mm:ss.FFFFFFF";
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text of a value.</summary>
    /// <param name="value">The value as the library gives it.</param>
    /// <param name="element">What the file says of its column.</param>
    /// <returns>The text.</returns>
    /// <exception cref="InvalidDataException">The value has no text.</exception>
    public static string Of(object value, SchemaElement? element) => value switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        DateTime time when IsDate(element) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime time => Moment(time, element?.LogicalType?.TIMESTAMP?.IsAdjustedToUTC ?? time.Kind == DateTimeKind.Utc),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString(TimeFormat, CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        int or long when Unit(element) is { } ticks => OfTicks(Convert.ToInt64(value, CultureInfo.InvariantCulture), ticks, element!),
        decimal number => number.ToString($"F{element?.Scale ?? number.Scale}", CultureInfo.InvariantCulture),
        byte[] bytes => Utf8(bytes),
        Guid or sbyte or byte or short or ushort or int or uint or long or ulong or float or double =>
            ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw new InvalidDataException($"values of type {value.GetType().Name} are not read as text; write them as text"),
    };

    /// <summary>A list, a structure or a map as JSON.</summary>
    /// <param name="value">The value as the library gives it.</param>
    /// <returns>JSON.</returns>
    public static string Json(object value) => JsonSerializer.Serialize(Plain(value));

    // Inside lists and structs the library leaves texts as memory, which JSON would write letter by letter.
    private static object? Plain(object? value) => value switch
    {
        null => null,
        ReadOnlyMemory<char> text => text.ToString(),
        ReadOnlyMemory<byte> bytes => Utf8(bytes.ToArray()),
        string or bool or sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => value,
        byte[] bytes => Utf8(bytes),
        IDictionary members => members.Keys.Cast<object>().ToDictionary(key => $"{Plain(key)}", key => Plain(members[key])),
        IEnumerable items => items.Cast<object?>().Select(Plain).ToList(),
        _ => Of(value, null),
    };

    private static bool IsDate(SchemaElement? element) =>
        element?.LogicalType?.DATE is not null || element?.ConvertedType == ConvertedType.DATE;

    private static string Moment(DateTime time, bool isUtc) =>
        time.ToString($"yyyy-MM-dd'T'{TimeFormat}", CultureInfo.InvariantCulture) + (isUtc ? "Z" : "");

    private static string OfTicks(long value, decimal ticksPerUnit, SchemaElement element)
    {
        var ticks = (long)(value * ticksPerUnit);
        return element.LogicalType?.TIMESTAMP is { } stamp
            ? Moment(DateTime.UnixEpoch.AddTicks(ticks), stamp.IsAdjustedToUTC)
            : ticks is >= 0 and < TimeSpan.TicksPerDay
                ? new TimeOnly(ticks).ToString(TimeFormat, CultureInfo.InvariantCulture)
                : throw new InvalidDataException($"the time of day {value} is not within a day");
    }

    /// <summary>.NET's ticks of 100 ns in a unit of a time or a timestamp; null for other columns.</summary>
    private static decimal? Unit(SchemaElement? element)
    {
        var unit = element?.LogicalType?.TIME?.Unit ?? element?.LogicalType?.TIMESTAMP?.Unit;
        return (unit, element?.ConvertedType) switch
        {
            ({ MILLIS: not null }, _) or (null, ConvertedType.TIME_MILLIS) => TimeSpan.TicksPerMillisecond,
            ({ MICROS: not null }, _) or (null, ConvertedType.TIME_MICROS) => TimeSpan.TicksPerMicrosecond,
            ({ NANOS: not null }, _) => 0.01m,
            _ => null,
        };
    }

    private static string Utf8(byte[] bytes)
    {
        try
        {
            return _utf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException("the bytes are not UTF-8 text", error);
        }
    }
}
