using System.Text;

namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Joins all tokens, so that the stage behind it gets the whole text at once. Nothing is settled before the end.</summary>
internal sealed class WholeStage : IDecoderStage
{
    private readonly StringBuilder _text = new();

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        _text.Append(token);
        return [];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush()
    {
        var text = _text.ToString();
        _text.Clear();
        return [text];
    }
}
