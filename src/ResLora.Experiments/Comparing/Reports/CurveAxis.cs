namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Over what a training loss is drawn.</summary>
internal enum CurveAxis
{
    /// <summary>Steps done.</summary>
    Steps,

    /// <summary>How much was read.</summary>
    Read,

    /// <summary>How long the steps took.</summary>
    Seconds,
}
