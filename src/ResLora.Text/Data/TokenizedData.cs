using ResLora.Formats;

namespace ResLora.Text.Data;

/// <summary>What tokenising a data set gave.</summary>
/// <param name="Samples">The samples kept, in the order of the input; at least one.</param>
public sealed record TokenizedData(IReadOnlyList<TokenizedSample> Samples) : ExampleSet(Samples)
{
    /// <summary>How many conversations lost their oldest turns to go into the limit.</summary>
    public int CutAtTurns { get; init; }

    /// <summary>How many conversations became several samples, since their template changes earlier turns.</summary>
    public int Divided { get; init; }

    /// <inheritdoc />
    public override int MinTrainedTokens { get; } = Samples.Min(sample => sample.TrainedTokens);

    /// <inheritdoc />
    public override double MeanTrainedTokens { get; } = Samples.Average(sample => sample.TrainedTokens);

    /// <inheritdoc />
    public override int MaxTrainedTokens { get; } = Samples.Max(sample => sample.TrainedTokens);
}
