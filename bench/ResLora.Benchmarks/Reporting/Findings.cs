namespace ResLora.Benchmarks.Reporting;

/// <summary>What a benchmark found.</summary>
/// <param name="Tables">The results.</param>
internal sealed record Findings(params IReadOnlyList<ReportTable> Tables)
{
    /// <summary>Shapes and whatever else was chosen; numbers and texts by name.</summary>
    public IReadOnlyDictionary<string, object> Settings { get; init; } = new Dictionary<string, object>();

    /// <summary>Rounds before those that count, which are left out: 1, or 0 where every case has a process of its own.</summary>
    public int WarmUpRounds { get; init; } = 1;

    /// <summary>Cases against each other.</summary>
    public IReadOnlyList<Ratio> Ratios { get; init; } = [];

    /// <summary>What a reader has to know, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
