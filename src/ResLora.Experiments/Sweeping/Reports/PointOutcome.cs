namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>How far a point came.</summary>
public enum PointOutcome
{
    /// <summary>It was trained to its end.</summary>
    Finished,

    /// <summary>Successive halving left it behind; what it would have come to is not known.</summary>
    Cut,

    /// <summary>A run gave no finite value.</summary>
    Failed,
}
