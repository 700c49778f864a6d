namespace ResLora.Experiments.Comparing.Reports;

/// <summary>How a figure is written.</summary>
internal enum FigureStyle
{
    /// <summary>With four decimals.</summary>
    Number,

    /// <summary>Without decimals.</summary>
    Count,

    /// <summary>With one decimal.</summary>
    Short,

    /// <summary>As a size.</summary>
    Bytes,
}
