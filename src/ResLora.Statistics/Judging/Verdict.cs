namespace ResLora.Statistics.Judging;

/// <summary>An arm against the reference. Figures that the data does not give are null.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Reference">The reference's name.</param>
/// <param name="Conclusion">What is shown.</param>
/// <param name="Sentence">The same in words, with its figures.</param>
/// <param name="Difference">How much better the arm is, in the score's unit: arm − reference, or reference − arm where lower is
/// better.</param>
/// <param name="Low">The lower bound of the difference's interval, for this comparison alone.</param>
/// <param name="High">The upper bound.</param>
/// <param name="P">The chance of a difference as large between arms that are alike, for this comparison alone.</param>
/// <param name="HolmP">The same after Holm's correction over <paramref name="Comparisons"/>.</param>
/// <param name="SmallestDifference">The smallest true difference that so much data would have shown after the correction, with the power
/// that was asked for; null when the outcomes do not differ at all.</param>
/// <param name="EquivalenceP">The p of being equal within the margin, after Holm's correction; null without a margin.</param>
/// <param name="StandardError">Of the difference.</param>
/// <param name="Freedom">The degrees of freedom of its t test.</param>
/// <param name="Seeds">How many seeds there are.</param>
/// <param name="Items">How many items; null where only scores are known.</param>
/// <param name="Comparisons">How many comparisons were judged together.</param>
/// <param name="BySeed">The difference of each seed, in the order of the seeds.</param>
public sealed record Verdict(
    string Arm,
    string Reference,
    Conclusion Conclusion,
    string Sentence,
    double? Difference,
    double? Low,
    double? High,
    double? P,
    double? HolmP,
    double? SmallestDifference,
    double? EquivalenceP,
    double? StandardError,
    double? Freedom,
    int Seeds,
    int? Items,
    int Comparisons,
    IReadOnlyList<double?> BySeed);
