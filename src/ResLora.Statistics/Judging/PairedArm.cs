using ResLora.Statistics.Hypotheses;

namespace ResLora.Statistics.Judging;

/// <summary>An arm beside the reference, before the family is corrected.</summary>
internal sealed class PairedArm
{
    private readonly ScoredArm _reference;
    private readonly ScoredArm _arm;
    private readonly VerdictTerms _terms;
    private readonly double[] _differences;
    private readonly Estimate? _estimate;

    /// <summary>Estimates the difference.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="arm">An arm with the same seeds and items.</param>
    /// <param name="terms">On which terms.</param>
    public PairedArm(ScoredArm reference, ScoredArm arm, VerdictTerms terms)
    {
        (_reference, _arm, _terms) = (reference, arm, terms);
        _differences = Better(arm.Scores, reference.Scores);
        if (!_differences.All(double.IsFinite) || (_differences.Length == 1 && !arm.Arm.HasItems))
        {
            return;
        }

        var scale = arm.Scores.Concat(reference.Scores).Max(Math.Abs);
        double[][] columns = [.. arm.Columns.Zip(reference.Columns, Better)];
        _estimate = Estimate.Of(_differences, arm.SpreadOf(columns), arm.Arm.Items, scale, terms.Confidence);
        if (double.IsNaN(_estimate.StandardError))
        {
            return;
        }

        P = ChanceOf(_estimate);
        EquivalenceP = terms.Margin is { } margin ? EqualityOf(_estimate, margin) : null;
    }

    /// <summary>The p of a difference; null when there is nothing to judge by.</summary>
    public double? P { get; }

    /// <summary>The p of being equal within the margin; null without one, or when there is nothing to judge by.</summary>
    public double? EquivalenceP { get; }

    /// <summary>The verdict.</summary>
    /// <param name="corrected"><see cref="P"/>, corrected for the family.</param>
    /// <param name="equality"><see cref="EquivalenceP"/>, corrected for the family.</param>
    /// <param name="comparisons">How many comparisons the family has.</param>
    public Verdict Judge(double? corrected, double? equality, int comparisons)
    {
        var verdict = new Verdict(
            _arm.Arm.Name,
            _reference.Arm.Name,
            Conclude(corrected, equality),
            "",
            _estimate?.Value,
            _estimate?.Interval.Low,
            _estimate?.Interval.High,
            P,
            corrected,
            _estimate is { StandardError: > 0 } ? SmallestOf(_estimate, comparisons) : null,
            equality,
            _estimate?.StandardError,
            _estimate?.Freedom,
            _differences.Length,
            _arm.Arm.HasItems ? _arm.Arm.Items : null,
            comparisons,
            [.. _differences.Select(difference => double.IsFinite(difference) ? difference : (double?)null)]);
        return verdict with { Sentence = VerdictSentence.Of(verdict, _terms) };
    }

    private Conclusion Conclude(double? corrected, double? equality) =>
        corrected is null ? Conclusion.NotJudged
        : corrected <= _terms.Significance ? (_estimate!.Value > 0 ? Conclusion.Better : Conclusion.Worse)
        : equality <= _terms.Significance ? Conclusion.Equal
        : Conclusion.NotShown;

    private double ChanceOf(Estimate estimate)
    {
        if (estimate.StandardError == 0)
        {
            // Without any spread there is no t: what is left is that all signs agree.
            return estimate.Value == 0 ? 1 : Math.Pow(2, 1 - Math.Max(_differences.Length, _arm.Arm.Items));
        }

        return IsOneSeedOfRightAndWrong
            ? McNemarTest.Of([.. _reference.Columns[0].Select(one => one == 1)], [.. _arm.Columns[0].Select(one => one == 1)]).P
            : 2 * estimate.Distribution.Above(Math.Abs(estimate.Value) / estimate.StandardError);
    }

    private double SmallestOf(Estimate estimate, int comparisons) => SmallestDifference.Of(
        estimate.StandardError,
        estimate.Distribution.Critical(_terms.Significance / comparisons / 2),
        estimate.Distribution.LeastFreedom,
        _terms.Power);

    private bool IsOneSeedOfRightAndWrong =>
        _differences.Length == 1
        && _terms.ScoreOfItems is null
        && _arm.Columns[0].Concat(_reference.Columns[0]).All(one => one is 0 or 1);

    private static double EqualityOf(Estimate estimate, double margin) => estimate.StandardError == 0
        ? (Math.Abs(estimate.Value) < margin ? 0 : 1)
        : estimate.Distribution.Above((margin - Math.Abs(estimate.Value)) / estimate.StandardError);

    private double[] Better(double[] arm, double[] reference) =>
        [.. arm.Zip(reference, (a, b) => _terms.IsLowerBetter ? b - a : a - b)];
}
