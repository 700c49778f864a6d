namespace ResLora.Text.Data;

/// <summary>What tokenising a data set gave.</summary>
/// <param name="Samples">The samples kept, in the order of the input; at least one.</param>
/// <param name="TooLong">How many samples were dropped for being longer than the limit.</param>
/// <param name="Untrained">How many samples were dropped for having nothing to learn (a blank completion).</param>
public sealed record TokenizedData(IReadOnlyList<TokenizedSample> Samples, int TooLong, int Untrained)
{
    /// <summary>How many samples were cut to the longest length allowed.</summary>
    public int Truncated { get; init; }

    /// <summary>How many texts without a prompt were cut into windows, each of which is one of <see cref="Samples"/>.</summary>
    public int CutIntoWindows { get; init; }

    /// <summary>The fewest trained tokens of a sample.</summary>
    public int MinTrainedTokens { get; } = Samples.Min(sample => sample.TrainedTokens);

    /// <summary>The mean number of trained tokens of a sample.</summary>
    public double MeanTrainedTokens { get; } = Samples.Average(sample => sample.TrainedTokens);

    /// <summary>The most trained tokens of a sample.</summary>
    public int MaxTrainedTokens { get; } = Samples.Max(sample => sample.TrainedTokens);

    /// <summary>The length of the longest sample, in tokens.</summary>
    public int LongestSample { get; } = Samples.Max(sample => sample.Ids.Length);
}
