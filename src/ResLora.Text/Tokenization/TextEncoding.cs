namespace ResLora.Text.Tokenization;

/// <summary>A text, or a pair of texts, as an encoder gets it.</summary>
/// <param name="Ids">The tokens, special ones included.</param>
/// <param name="TypeIds">As long as <paramref name="Ids"/>: which text a token belongs to, for models that are told (BERT); else all
/// 0.</param>
public sealed record TextEncoding(int[] Ids, int[] TypeIds)
{
    /// <summary>How many tokens of the texts were left out to keep to the length.</summary>
    public int Cut { get; init; }
}
