namespace ResLora.Training.Data;

/// <summary>A sample as token ids, with the label of each position.</summary>
/// <param name="Ids">The tokens: begin, prompt, completion, end.</param>
/// <param name="Labels">
/// As long as <paramref name="Ids"/>: the token's own id where it is to be learnt, <see cref="Masked"/> where not. The shift by one
/// position (position t predicts label t + 1) is the loss's part. The first label is always masked: nothing predicts it.
/// </param>
public sealed record TokenizedSample(int[] Ids, int[] Labels)
{
    /// <summary>The label of a position that is not trained.</summary>
    public const int Masked = -100;

    /// <summary>How many tokens are trained.</summary>
    public int TrainedTokens { get; } = Labels.Count(label => label != Masked);
}
