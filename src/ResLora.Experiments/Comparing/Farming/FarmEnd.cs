namespace ResLora.Experiments.Comparing.Farming;

/// <summary>How a task ended.</summary>
internal enum FarmEnd
{
    /// <summary>Well.</summary>
    Done,

    /// <summary>It was stopped; a run has saved a checkpoint.</summary>
    Interrupted,

    /// <summary>The run failed, as it would anywhere: its loss became infinite.</summary>
    Failed,

    /// <summary>Settings or files cannot be used, here and anywhere.</summary>
    Refused,

    /// <summary>Something broke, which may be the rank's own fault.</summary>
    Broken,
}
