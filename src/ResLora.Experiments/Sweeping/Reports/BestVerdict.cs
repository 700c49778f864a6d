using System.Globalization;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>Whether the best point is more than the luckiest: held against every other, pair by pair of seeds.</summary>
/// <remarks>
/// Which of N points would come out first was not known before. With 0.05 / (N (N − 1) / 2) for each pair, a false alarm over all pairs
/// that might have come out has a chance of 0.05 at most (Bonferroni).
/// </remarks>
internal static class BestVerdict
{
    private const double Significance = 0.05;

    /// <summary>Judges the best against each of the others.</summary>
    /// <param name="ranking">Points that were trained to the end, the best first.</param>
    /// <param name="points">How many points there were to choose from, those left behind among them.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="isLowerBetter">Whether a lower value is better.</param>
    /// <returns>A verdict for each point but the best, in the order of the ranking.</returns>
    public static IReadOnlyList<Verdict> Of(
        IReadOnlyList<PointReport> ranking, int points, IReadOnlyList<long> seeds, bool isLowerBetter)
    {
        var terms = new VerdictTerms { IsLowerBetter = isLowerBetter, Significance = Significance / Pairs(points) };
        return
        [
            .. ranking.Skip(1).Select(other => Verdicts.Judge(Scores(other, seeds), [Scores(ranking[0], seeds)], terms).Single()),
        ];
    }

    /// <summary>What was found in words: the best, whether it is more than luck, and what was left behind.</summary>
    /// <param name="ranking">As for <see cref="Of"/>.</param>
    /// <param name="verdicts">The verdicts.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="points">All points.</param>
    public static IEnumerable<string> Sentences(
        IReadOnlyList<PointReport> ranking, IReadOnlyList<Verdict> verdicts, string metric, IReadOnlyList<PointReport> points)
    {
        yield return $"best on validation data: {ranking[0].Name}, {metric} {FigureText.Of(ranking[0].Value, FigureStyle.Number)}";
        yield return (verdicts is [var first, ..] ? first : null) switch
        {
            null => "only one point was trained to its end, so that there is none to hold it against",
            { Conclusion: Conclusion.Better } verdict => $"{verdict.Sentence}; {Bar(verdict, points.Count)}",
            { Conclusion: Conclusion.NotJudged } verdict => $"{verdict.Sentence}: the best may be the luckiest, so give more seeds",
            { } verdict => $"{verdict.Sentence}; {Bar(verdict, points.Count)}: "
                + "the best may be the luckiest, so take the cheaper one, or give more seeds",
        };
        if (verdicts.Count > 1 && verdicts[0].Conclusion != Conclusion.NotJudged)
        {
            string[] worse = [.. verdicts.Where(verdict => verdict.Conclusion == Conclusion.Better).Select(verdict => verdict.Reference)];
            yield return worse.Length == 0
                ? "the best is shown to be better than none of the others by more than chance"
                : $"the best is shown to be better, by more than chance, than {string.Join("; ", worse)}";
        }

        if (points.Count(point => point.Outcome == PointOutcome.Cut) is > 0 and var cut)
        {
            yield return $"{Counted(cut)} left behind by successive halving; "
                + "whether training to the end would have put one of them first is not known";
        }

        if (points.Count(point => point.Outcome == PointOutcome.Failed) is > 0 and var failed)
        {
            yield return $"{Counted(failed)} given up, since a run gave no finite value";
        }
    }

    private static string Counted(int points) => points == 1 ? "1 point was" : $"{points} points were";

    /// <summary>The sentence of a verdict names no p below 0.001.</summary>
    private static string Bar(Verdict verdict, int points)
    {
        const double smallestTold = 0.001;
        var told = verdict.P < smallestTold ? $"is {FigureText.Of(verdict.P, FigureStyle.Number)} and " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"p {told}must be {FigureText.Of(Significance / Pairs(points), FigureStyle.Number)} at most, ")
            + string.Create(CultureInfo.InvariantCulture, $"{Significance} for all pairs of {points} points together");
    }

    private static int Pairs(int points) => points * (points - 1) / 2;

    private static ArmScores Scores(PointReport point, IReadOnlyList<long> seeds) =>
        ArmScores.OfScores(point.Name, seeds.Zip(point.Value.Values, (seed, value) => (seed, value)).ToDictionary(
            one => one.seed, one => one.value!.Value));
}
