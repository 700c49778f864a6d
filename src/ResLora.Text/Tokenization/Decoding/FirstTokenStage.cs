namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Rewrites the first token in one way and the others in another.</summary>
/// <param name="first">For the first token.</param>
/// <param name="other">For every other token.</param>
internal sealed class FirstTokenStage(Func<string, string> first, Func<string, string> other) : IDecoderStage
{
    private bool _started;

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        var rewrite = _started ? other : first;
        _started = true;
        return [rewrite(token)];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush() => [];
}
