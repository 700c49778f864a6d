using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>What was found of a point.</summary>
public sealed record PointReport
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Its values, in the order of the sweep's keys.</summary>
    public required IReadOnlyList<string> Values { get; init; }

    /// <summary>How far it came.</summary>
    public required PointOutcome Outcome { get; init; }

    /// <summary>The step that it came to: its last one, or the one where it was left behind.</summary>
    public required int Step { get; init; }

    /// <summary>How many steps its runs have.</summary>
    public required int Steps { get; init; }

    /// <summary>The metric at <see cref="Step"/>, by seed. Only points of equal steps can be held against each other.</summary>
    public required Figure Value { get; init; }

    /// <summary>Why runs of it gave no value, a sentence each; empty unless it failed.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>Seconds of training, evaluations not counted, by seed; runs that failed have none.</summary>
    public required Figure Seconds { get; init; }

    /// <summary>How many numbers are trained.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>The most memory of a process that trained it, in bytes; null where the system does not say.</summary>
    public long? PeakMemory { get; init; }
}
