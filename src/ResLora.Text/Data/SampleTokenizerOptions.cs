namespace ResLora.Text.Data;

/// <summary>The limits under which samples are tokenised.</summary>
public sealed record SampleTokenizerOptions
{
    /// <summary>
    /// The longest sample, in tokens with begin and end; longer ones are dropped and counted, plain texts cut into windows. Default 512.
    /// </summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>The largest fraction of samples that may have nothing to learn before it is an error, 0 to 1. Default 0.01.</summary>
    public double MaxUntrainedFraction { get; init; } = 0.01;

    /// <summary>
    /// Whether the encoder puts a blank in front of every text by itself, as SentencePiece does: a completion's own leading blank is then
    /// left to it, since there would be two. Default false.
    /// </summary>
    public bool EncoderAddsBlank { get; init; }
}
