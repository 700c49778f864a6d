using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Tensors.Pickles;

/// <summary>The bytes of a pickle, read from front to back and never beyond their end.</summary>
/// <param name="bytes">The pickle.</param>
/// <param name="path">The file that it is in, for errors.</param>
internal sealed class PickleBytes(byte[] bytes, string path)
{
    private const int LongestLine = 1_000;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int _at;

    /// <summary>How many bytes were read.</summary>
    public int Position => _at;

    /// <summary>What to say of a pickle that is refused.</summary>
    /// <param name="what">What is wrong.</param>
    /// <returns>The exception, to be thrown.</returns>
    public FileFormatException Broken(string what) =>
        new($"'{path}': the pickle in it cannot be read: {what} (byte {_at}). Nothing of it was run.");

    /// <summary>The next byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>The next two bytes.</summary>
    public int Number16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>The next four bytes, with a sign.</summary>
    public int Number32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    /// <summary>The next eight bytes, as Python writes fractions.</summary>
    public double Fraction() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A length in one, four or eight bytes.</summary>
    /// <param name="width">How many bytes.</param>
    public int Length(int width)
    {
        var raw = Take(width);
        var length = width switch
        {
            1 => raw[0],
            4 => BinaryPrimitives.ReadUInt32LittleEndian(raw),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(raw),
        };
        return length <= (ulong)(bytes.Length - _at)
            ? (int)length
            : throw Broken($"a value of {length} bytes is said to follow, and {bytes.Length - _at} are left");
    }

    /// <summary>A whole number of up to eight bytes with a sign; null for a longer one.</summary>
    /// <param name="length">Its bytes.</param>
    public long? Long(int length)
    {
        var raw = Take(length);
        if (length > sizeof(long))
        {
            return null;
        }

        var value = length > 0 && raw[^1] >= 0x80 ? -1L : 0L;
        for (var i = length - 1; i >= 0; i--)
        {
            value = (value << 8) | raw[i];
        }

        return value;
    }

    /// <summary>A text in UTF-8.</summary>
    /// <param name="length">Its bytes.</param>
    public string Text(int length)
    {
        try
        {
            return _utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Broken("a text is not in UTF-8");
        }
    }

    /// <summary>A text up to the end of its line.</summary>
    public string Line()
    {
        var rest = bytes.AsSpan(_at, Math.Min(LongestLine, bytes.Length - _at));
        var length = rest.IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Broken("a line has no end");
        }

        var text = Text(length);
        _at++;
        return text;
    }

    /// <summary>Leaves bytes out.</summary>
    /// <param name="length">How many.</param>
    public void Skip(int length) => Take(length);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - _at)
        {
            throw Broken("it ends too early");
        }

        _at += count;
        return bytes.AsSpan(_at - count, count);
    }
}
