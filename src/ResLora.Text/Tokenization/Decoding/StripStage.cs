namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Takes up to so many of one character from the beginning and the end of the joined text.</summary>
/// <param name="content">The character.</param>
/// <param name="start">How many at the beginning at most.</param>
/// <param name="stop">How many at the end at most.</param>
internal sealed class StripStage(char content, int start, int stop) : IDecoderStage
{
    private int _startLeft = start;
    private string _held = "";

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        var from = 0;
        while (_startLeft > 0 && from < token.Length)
        {
            _startLeft = token[from] == content ? _startLeft - 1 : 0;
            from += token[from] == content ? 1 : 0;
        }

        // The last characters can still turn out to be the end.
        var text = _held + token[from..];
        var kept = text.Length;
        while (kept > 0 && text.Length - kept < stop && text[kept - 1] == content)
        {
            kept--;
        }

        _held = text[kept..];
        return [text[..kept]];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush() => [];
}
