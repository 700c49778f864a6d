namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Takes tokens that follow themselves once, and rewrites each; what becomes empty is left out.</summary>
/// <param name="rewrite">From token to token.</param>
internal sealed class CtcStage(Func<string, string> rewrite) : IDecoderStage
{
    private string? _last;

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        var isNew = token != _last;
        _last = token;
        return isNew && rewrite(token) is { Length: > 0 } text ? [text] : [];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush() => [];
}
