namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Rewrites every token by itself.</summary>
/// <param name="rewrite">From token to token.</param>
internal sealed class MapStage(Func<string, string> rewrite) : IDecoderStage
{
    /// <inheritdoc/>
    public IEnumerable<string> Add(string token) => [rewrite(token)];

    /// <inheritdoc/>
    public IEnumerable<string> Flush() => [];
}
