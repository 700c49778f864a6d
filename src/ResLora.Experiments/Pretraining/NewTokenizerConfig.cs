namespace ResLora.Experiments.Pretraining;

/// <summary>The tokenizer of a new model: byte-level BPE, trained on the same texts.</summary>
public sealed record NewTokenizerConfig
{
    /// <summary>Entries wanted, 256 bytes and the special tokens (3, for a RoBERTa 5) included; fewer when the texts give no more. Default 1024.</summary>
    public int Vocabulary { get; init; } = 1024;

    /// <summary>How often a pair must occur to become a token. Default 2.</summary>
    public int MinimumCount { get; init; } = 2;

    /// <summary>Whether every digit is a token of its own, which makes arithmetic learnable for small models. Default true.</summary>
    public bool IndividualDigits { get; init; } = true;
}
