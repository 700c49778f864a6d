namespace ResLora.Experiments.Comparing;

/// <summary>By what the arms are judged.</summary>
public enum ScoreKind
{
    /// <summary>By the task's own score: its labels' metric, right answers, or else the loss.</summary>
    Auto,

    /// <summary>By the loss on the test data.</summary>
    Loss,
}
