using ResLora.Experiments.Configuration;

namespace ResLora.Experiments.Pretraining;

/// <summary>The tokenizer of a new model: byte-level BPE, trained on the same texts, or one that is there.</summary>
public sealed record NewTokenizerConfig
{
    /// <summary>
    /// A folder whose tokenizer is taken as it is; the other settings here then do nothing. Default: a new tokenizer is trained.
    /// </summary>
    [ConfigPath]
    public string? From { get; init; }

    /// <summary>
    /// Entries wanted, 256 bytes and the special tokens (3, for a RoBERTa 5) included; fewer when the texts give no more. Default 1024.
    /// </summary>
    public int Vocabulary { get; init; } = 1024;

    /// <summary>How often a pair must occur to become a token. Default 2.</summary>
    public int MinimumCount { get; init; } = 2;

    /// <summary>Whether every digit is a token of its own, which makes arithmetic learnable for small models. Default true.</summary>
    public bool IndividualDigits { get; init; } = true;
}
