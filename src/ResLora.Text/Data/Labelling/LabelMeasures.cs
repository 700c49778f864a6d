namespace ResLora.Text.Data.Labelling;

/// <summary>What is measured of predicted labels or scores, whatever they are predicted for.</summary>
/// <param name="name">The task's name.</param>
/// <param name="metrics">What is reported.</param>
/// <param name="scoreMetrics">The metrics whose mean is the task's score; null for all of them.</param>
public class LabelMeasures(string name, IReadOnlyList<LabelMetric> metrics, IReadOnlyList<LabelMetric>? scoreMetrics = null)
{
    /// <summary>The name in configurations and on the command line.</summary>
    public string Name => name;

    /// <summary>What is reported.</summary>
    public IReadOnlyList<LabelMetric> Metrics => metrics;

    /// <summary>The metrics whose mean is the task's score, as GLUE does it.</summary>
    public IReadOnlyList<LabelMetric> ScoreMetrics => scoreMetrics ?? metrics;

    /// <summary>Whether a score is predicted; else a label.</summary>
    public virtual bool IsRegression => false;

    /// <summary>The labels in order; null for regression, and where the training data says.</summary>
    public virtual LabelSet? Labels => null;
}
