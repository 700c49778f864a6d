using ResLora.Training.Loop;

namespace ResLora.Experiments.Workloads;

/// <summary>By which rules samples become examples.</summary>
/// <param name="MaxLength">The longest sample, in tokens; other workloads have no use for it.</param>
internal sealed record EncodingTerms(int MaxLength)
{
    /// <summary>The share of samples with nothing to learn above which the data is refused, 0 to 1.</summary>
    public double MaxUntrainedShare { get; init; } = 1;

    /// <summary>The rules of a run.</summary>
    public static EncodingTerms Of(TrainConfig config) => new(config.MaxLength) { MaxUntrainedShare = config.MaxUntrainedShare };
}
