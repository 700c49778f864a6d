using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>
/// Reads UTF-8 text line by line. A byte that is not UTF-8 is an error with its line, never a replacement character in the training data,
/// and no line is longer than the limit, so that a file without line breaks cannot fill the memory.
/// </summary>
/// <param name="stream">The text; read no further than the line that is asked for, so it may be a pipe.</param>
/// <param name="name">What to call it in errors.</param>
public sealed class TextLines(Stream stream, string name) : IDisposable
{
    /// <summary>The longest line, in bytes: as many as the longest row may take.</summary>
    public const int MaxBytes = 4 * Row.MaxCharacters;

    /// <summary>What standard input is called in errors.</summary>
    public const string StandardInput = "standard input";

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isLast;

    /// <summary>The number of the line that was read last, from 1; 0 before the first.</summary>
    public long Number { get; private set; }

    /// <summary>The lines of a text, without their line breaks.</summary>
    /// <param name="stream">The text; disposed at the end.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <returns>The lines, read as they are asked for.</returns>
    /// <exception cref="FileFormatException">While enumerating: a line is not UTF-8, too long, or holds a NUL byte.</exception>
    public static IEnumerable<string> Read(Stream stream, string name)
    {
        using var lines = new TextLines(stream, name);
        while (lines.Next() is { } line)
        {
            yield return line.TrimEnd('\n').TrimEnd('\r');
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>Reads the next line.</summary>
    /// <returns>The line with its line feed, if it has one; null at the end.</returns>
    /// <exception cref="FileFormatException">The line is not UTF-8, too long, or holds a NUL byte, or the disk fails.</exception>
    public string? Next()
    {
        Number++;
        if (Number == 1)
        {
            Fill(1);
            if (_end > 0 && _buffer[0] is 0 or >= 0x80)
            {
                // Only what may be a mark is waited for: the first line of a pipe may be shorter.
                Fill(ByteOrderMark.MaxBytes);
            }

            _start = ByteOrderMark.Length(_buffer.AsSpan(0, _end), name);
        }

        var length = LineLength();
        if (length == 0)
        {
            return null;
        }

        var line = _buffer.AsSpan(_start, length);
        _start += length;
        if (line.Contains((byte)0))
        {
            throw Error("the line holds a NUL byte; is this a text, saved as UTF-8?");
        }

        try
        {
            return _utf8.GetString(line);
        }
        catch (DecoderFallbackException error)
        {
            throw Error("the bytes are not UTF-8; save the text as UTF-8.", error);
        }
    }

    private int LineLength()
    {
        for (var seen = 0; ;)
        {
            var at = _buffer.AsSpan(_start + seen, _end - _start - seen).IndexOf((byte)'\n');
            if (at >= 0)
            {
                return seen + at + 1;
            }

            seen = _end - _start;
            if (_isLast)
            {
                return seen;
            }

            if (seen > MaxBytes)
            {
                throw Error($"the line is longer than {Row.MaxCharacters} characters.");
            }

            Fill(seen + 1);
        }
    }

    // Until so many bytes are there, or the end is.
    private void Fill(int wanted)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (wanted > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(wanted, 2 * _buffer.Length));
        }

        try
        {
            while (_end < wanted && !_isLast)
            {
                var count = stream.Read(_buffer, _end, _buffer.Length - _end);
                _end += count;
                _isLast = count == 0;
            }
        }
        catch (IOException error)
        {
            throw new FileFormatException($"{name} cannot be read: {error.Message}", error);
        }
    }

    private FileFormatException Error(string reason, Exception? inner = null) => new($"{name}, line {Number}: {reason}", inner);
}
