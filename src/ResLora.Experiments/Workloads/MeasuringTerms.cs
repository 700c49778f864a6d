using ResLora.Training.Distributed;

namespace ResLora.Experiments.Workloads;

/// <summary>How a network is measured.</summary>
/// <param name="BatchSize">Samples in one forward pass.</param>
/// <param name="MaxLength">The longest sample, in tokens.</param>
internal sealed record MeasuringTerms(int BatchSize, int MaxLength)
{
    /// <summary>The most tokens that are generated for an answer.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>The processes that measure together. Default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>Is told how many samples are answered, of how many; null for nobody.</summary>
    public Action<int, int>? Answered { get; init; }
}
