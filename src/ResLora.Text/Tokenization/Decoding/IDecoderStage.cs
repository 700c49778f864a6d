namespace ResLora.Text.Tokenization.Decoding;

/// <summary>One stage on the way from tokens to text; it holds back what later tokens can still change.</summary>
internal interface IDecoderStage
{
    /// <summary>Takes the next token, or the next part of the text when an earlier stage has joined the tokens.</summary>
    /// <param name="token">The token.</param>
    /// <returns>What is settled now.</returns>
    IEnumerable<string> Add(string token);

    /// <summary>Ends the sequence.</summary>
    /// <returns>What was held back.</returns>
    IEnumerable<string> Flush();
}
