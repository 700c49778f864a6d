namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Turns the words that the pre-tokenizer cut into ids.</summary>
internal interface IWordModel
{
    /// <summary>Encodes one word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="output">Where its ids are added.</param>
    void Encode(string word, List<int> output);
}
