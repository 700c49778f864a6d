namespace ResLora.Formats;

/// <summary>The examples of a run, and what reading them left out. A workload that counts more adds it in a record of its own.</summary>
/// <param name="Examples">The examples kept, in the order of the input; at least one.</param>
public record ExampleSet(IReadOnlyList<IExample> Examples)
{
    /// <summary>How many samples were left out for being longer than the limit.</summary>
    public int TooLong { get; init; }

    /// <summary>How many samples were left out for having nothing to learn (a blank completion).</summary>
    public int Untrained { get; init; }

    /// <summary>How many samples were cut to the longest length allowed.</summary>
    public int Truncated { get; init; }

    /// <summary>How many texts without a prompt were cut into windows, each of which is an example.</summary>
    public int CutIntoWindows { get; init; }

    /// <summary>The size of the largest example: of texts, the tokens of the longest.</summary>
    public int LongestSample { get; } = Examples.Max(example => example.Size);

    /// <summary>The fewest trained tokens of a sample; 0 where no tokens are trained, as for the next two.</summary>
    public virtual int MinTrainedTokens => 0;

    /// <summary>The mean number of trained tokens of a sample.</summary>
    public virtual double MeanTrainedTokens => 0;

    /// <summary>The most trained tokens of a sample.</summary>
    public virtual int MaxTrainedTokens => 0;
}
