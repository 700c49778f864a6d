namespace ResLora.Text.Tokenization;

/// <summary>Whose special tokens a new tokenizer has.</summary>
public enum BpeLayout
{
    /// <summary>Begin, end and padding; the begin token stands in front of a text.</summary>
    Causal,

    /// <summary>
    /// RoBERTa's: begin, padding, end, unknown and mask; begin and end stand around a text, and two ends between the texts of a pair.
    /// </summary>
    Roberta,
}
