using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>What a text file may begin with: UTF-8's mark is left out, those of other encodings are refused by name.</summary>
public static class ByteOrderMark
{
    /// <summary>The most bytes that a mark has.</summary>
    public const int MaxBytes = 4;

    /// <summary>The length of UTF-8's mark.</summary>
    /// <param name="start">The beginning of the text, <see cref="MaxBytes"/> of it where there are so many.</param>
    /// <param name="name">The file, for the error.</param>
    /// <returns>0 or 3.</returns>
    /// <exception cref="FileFormatException">The text is in UTF-16 or UTF-32.</exception>
    public static int Length(ReadOnlySpan<byte> start, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var encoding = start switch
        {
            [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..] => "UTF-32",
            [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => "UTF-16",
            _ => null,
        };
        return encoding is null
            ? start is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0
            : throw new FileFormatException($"{name}, line 1: the text is in {encoding}, as its byte order mark says; save it as UTF-8.");
    }
}
