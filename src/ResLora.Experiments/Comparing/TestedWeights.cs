namespace ResLora.Experiments.Comparing;

/// <summary>Which weights of a run are tested.</summary>
public enum TestedWeights
{
    /// <summary>Those of its last step, so that all arms have made as many.</summary>
    Last,

    /// <summary>Those of the evaluation that was best by <c>training.bestMetric</c>.</summary>
    Best,
}
