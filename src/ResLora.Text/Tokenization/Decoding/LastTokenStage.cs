namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Rewrites the last token in one way and the others in another; a token is settled when the next one comes.</summary>
/// <param name="last">For the last token.</param>
/// <param name="other">For every other token.</param>
internal sealed class LastTokenStage(Func<string, string> last, Func<string, string> other) : IDecoderStage
{
    private string? _held;

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        var before = _held;
        _held = token;
        return before is null ? [] : [other(before)];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush()
    {
        var held = _held;
        _held = null;
        return held is null ? [] : [last(held)];
    }
}
