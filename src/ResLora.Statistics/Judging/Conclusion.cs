namespace ResLora.Statistics.Judging;

/// <summary>What a comparison shows.</summary>
public enum Conclusion
{
    /// <summary>The arm is better than the reference.</summary>
    Better,

    /// <summary>The arm is worse than the reference.</summary>
    Worse,

    /// <summary>The two are equal within the margin.</summary>
    Equal,

    /// <summary>Neither a difference nor equality is shown.</summary>
    NotShown,

    /// <summary>There is nothing to judge by: a score is not a number, or there is one score alone.</summary>
    NotJudged,
}
