namespace ResLora.Text.Data.Readers;

/// <summary>Checked lines as the reader that other parsers ask for.</summary>
/// <param name="lines">The lines; disposed with this.</param>
internal sealed class LineReader(TextLines lines) : TextReader
{
    private string _line = "";
    private int _at;

    /// <inheritdoc/>
    public override int Peek() => HasMore() ? _line[_at] : -1;

    /// <inheritdoc/>
    public override int Read() => HasMore() ? _line[_at++] : -1;

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override int Read(Span<char> buffer)
    {
        if (!HasMore())
        {
            return 0;
        }

        var count = Math.Min(buffer.Length, _line.Length - _at);
        _line.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lines.Dispose();
        base.Dispose(disposing);
    }

    private bool HasMore()
    {
        if (_at == _line.Length)
        {
            (_line, _at) = (lines.Next() ?? "", 0);
        }

        return _at < _line.Length;
    }
}
