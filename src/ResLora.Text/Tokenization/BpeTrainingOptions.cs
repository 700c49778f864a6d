using ResLora.Formats.Errors;

namespace ResLora.Text.Tokenization;

/// <summary>What a new byte-level BPE tokenizer should be like.</summary>
public sealed record BpeTrainingOptions
{
    /// <summary>Entries wanted, the special tokens and the 256 bytes included; fewer when the texts give no more. Default 4,096.</summary>
    public int VocabularySize { get; init; } = 4096;

    /// <summary>How often a pair must occur to become a token. Default 2.</summary>
    public int MinimumCount { get; init; } = 2;

    /// <summary>Whether every digit is a token of its own, which makes arithmetic learnable for small models. Default true.</summary>
    public bool IndividualDigits { get; init; } = true;

    /// <summary>Whose special tokens it has. Default those of a causal model.</summary>
    public BpeLayout Layout { get; init; }

    /// <summary>The token in front of every text, id 0. Default <c>&lt;s&gt;</c>.</summary>
    public string BeginToken { get; init; } = "<s>";

    /// <summary>The token that ends a text, id 1 (RoBERTa: 2). Default <c>&lt;/s&gt;</c>.</summary>
    public string EndToken { get; init; } = "</s>";

    /// <summary>The token that fills up short rows, id 2 (RoBERTa: 1). Default <c>&lt;pad&gt;</c>.</summary>
    public string PadToken { get; init; } = "<pad>";

    /// <summary>
    /// RoBERTa's token for what the vocabulary lacks, id 3; a byte-level vocabulary lacks nothing. Default <c>&lt;unk&gt;</c>.
    /// </summary>
    public string UnknownToken { get; init; } = "<unk>";

    /// <summary>RoBERTa's token for a hidden one, id 4; it takes the blank before it. Default <c>&lt;mask&gt;</c>.</summary>
    public string MaskToken { get; init; } = "<mask>";

    internal IReadOnlyList<string> SpecialTokens => Layout == BpeLayout.Roberta
        ? [BeginToken, PadToken, EndToken, UnknownToken, MaskToken]
        : [BeginToken, EndToken, PadToken];

    internal void Validate()
    {
        var smallest = SpecialTokens.Count + 256;
        if (VocabularySize < smallest)
        {
            throw new ConfigException(
                $"VocabularySize is {VocabularySize}, but {SpecialTokens.Count} special tokens and 256 bytes need at least {smallest}.");
        }

        if (MinimumCount < 1)
        {
            throw new ConfigException($"MinimumCount is {MinimumCount}, expected at least 1.");
        }

        // Two characters or more, because every single character of the alphabet stands for a byte.
        if (SpecialTokens.Distinct(StringComparer.Ordinal).Count() != SpecialTokens.Count || SpecialTokens.Any(token => token.Length < 2))
        {
            throw new ConfigException(
                $"The special tokens '{string.Join("', '", SpecialTokens)}' must differ and have at least two characters each.");
        }
    }
}
