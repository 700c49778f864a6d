using System.Text;
using ResLora.Text.Tokenization.Pipeline;

namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Reads byte-level tokens as one run of UTF-8; what is no UTF-8 becomes U+FFFD.</summary>
internal sealed class ByteLevelStage : IDecoderStage
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token) => [Read(ByteLevelAlphabet.Decode(token), flush: false)];

    /// <inheritdoc/>
    public IEnumerable<string> Flush() => [Read([], flush: true)];

    private string Read(byte[] bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, 0, bytes.Length, flush)];
        return new string(characters, 0, _decoder.GetChars(bytes, 0, bytes.Length, characters, 0, flush));
    }
}
