using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>
/// Reads the values of a JSON file one after the other, so that a large file is never in memory as a whole: the elements of one array, or
/// values with nothing but white space between them.
/// </summary>
internal sealed class JsonValues : IDisposable
{
    /// <summary>The largest value outside of an array, in bytes: it may be a whole table.</summary>
    public const int MaxTableBytes = 64 << 20;

    private readonly Stream _stream;
    private readonly string _path;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isLast;
    private JsonReaderState _state = new(new JsonReaderOptions { AllowMultipleValues = true });
    private long _line = 1;
    private bool _isClosed;

    /// <summary>Reads the beginning.</summary>
    /// <param name="stream">The text, UTF-8; disposed with this.</param>
    /// <param name="path">The file, for errors.</param>
    /// <exception cref="FileFormatException">The text is not in UTF-8.</exception>
    public JsonValues(Stream stream, string path)
    {
        (_stream, _path) = (stream, path);
        while (!_isLast && _end < ByteOrderMark.MaxBytes)
        {
            Fill();
        }

        _start = ByteOrderMark.Length(_buffer.AsSpan(0, _end), path);
        IsArray = HasMore() && _buffer[_start] == (byte)'[';
        Where = Place();
    }

    /// <summary>Whether the file is one array, whose elements are the values.</summary>
    public bool IsArray { get; }

    /// <summary>How many values were read or begun.</summary>
    public long Count { get; private set; }

    /// <summary>The place of the value that was read last.</summary>
    public string Where { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>Reads the next value.</summary>
    /// <returns>The value, the caller's to dispose; null at the end.</returns>
    /// <exception cref="FileFormatException">What follows is not JSON, or larger than a value may be.</exception>
    public JsonDocument? Next()
    {
        Count++;
        try
        {
            while (HasMore() || (IsArray && !_isClosed))
            {
                Where = Place();
                var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isLast, _state);
                if (!reader.Read())
                {
                    Fill();
                }
                else if (_isClosed)
                {
                    throw new FileFormatException($"{_path}, {Where}: there is more after the end of the array.");
                }
                else if (IsArray && reader.CurrentDepth == 0)
                {
                    _isClosed = reader.TokenType == JsonTokenType.EndArray;
                    Pass((int)reader.BytesConsumed);
                    _state = reader.CurrentState;
                }
                else
                {
                    var from = (int)reader.TokenStartIndex;
                    if (reader.TrySkip())
                    {
                        return Take(reader, from);
                    }

                    Fill();
                }
            }

            return null;
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"{_path}, {Where} or a later one: not valid JSON ({error.Message}).", error);
        }
    }

    private JsonDocument Take(Utf8JsonReader reader, int from)
    {
        var length = (int)reader.BytesConsumed - from;
        Pass(from);
        Where = Place();
        var document = JsonDocument.Parse(_buffer.AsMemory(_start, length).ToArray(), JsonRow.Options);
        Pass(length);
        _state = reader.CurrentState;
        return document;
    }

    private string Place() => IsArray ? $"line {_line}, element {Count}" : $"line {_line}";

    private void Pass(int bytes)
    {
        _line += _buffer.AsSpan(_start, bytes).Count((byte)'\n');
        _start += bytes;
    }

    // Whether there is anything but white space.
    private bool HasMore()
    {
        while (true)
        {
            var blanks = _buffer.AsSpan(_start, _end - _start).IndexOfAnyExcept(" \t\r\n"u8);
            Pass(blanks < 0 ? _end - _start : blanks);
            if (blanks >= 0 || _isLast)
            {
                return blanks >= 0;
            }

            Fill();
        }
    }

    private void Fill()
    {
        var limit = IsArray ? TextLines.MaxBytes : MaxTableBytes;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_end >= limit)
            {
                throw new FileFormatException(IsArray
                    ? $"{_path}, {Where}: the row is longer than {Row.MaxCharacters} characters."
                    : $"{_path}, {Where}: the value has more than {MaxTableBytes} bytes; write a JSON object a line (.jsonl), which is read row by row.");
            }

            Array.Resize(ref _buffer, Math.Min(limit, 2 * _buffer.Length));
        }

        try
        {
            var count = _stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += count;
            _isLast = count == 0;
        }
        catch (IOException error)
        {
            throw new FileFormatException($"{_path} cannot be read: {error.Message}", error);
        }
    }
}
