using System.Globalization;

namespace ResLora.Statistics.Judging;

/// <summary>A verdict in plain words.</summary>
internal static class VerdictSentence
{
    /// <summary>One sentence, without a full stop.</summary>
    public static string Of(Verdict verdict, VerdictTerms terms)
    {
        if (verdict.Conclusion == Conclusion.NotJudged)
        {
            var why = verdict switch
            {
                _ when verdict.BySeed.Contains(null) => "not every score is a number",
                { Items: null } => "one score of each says nothing of chance",
                _ => "for most draws of the items there is no score",
            };
            return $"{verdict.Arm} cannot be judged against {verdict.Reference}: {why}";
        }

        var (difference, low, high) = (verdict.Difference!.Value, verdict.Low!.Value, verdict.High!.Value);
        var decimals = Decimals((high - low) / 2);
        var seeds = verdict.Seeds == 1 ? "; one seed says nothing of other seeds" : "";
        return verdict.Conclusion switch
        {
            Conclusion.Better => $"{verdict.Arm} is better than {verdict.Reference} by {Number(difference)} "
                + $"({Between(low, high)}, {Chance()}){ButWithin()}{seeds}",
            Conclusion.Worse => $"{verdict.Arm} is worse than {verdict.Reference} by {Number(-difference)} "
                + $"({Between(-high, -low)}, {Chance()}){ButWithin()}{seeds}",
            Conclusion.Equal => $"{verdict.Arm} and {verdict.Reference} are equal within {Plain(terms.Margin!.Value)} "
                + $"({P(verdict.EquivalenceP!.Value)}{Family()}): {Number(difference)} ({Between(low, high)}){seeds}",
            _ when verdict.StandardError == 0 && difference == 0 =>
                $"no difference between {verdict.Arm} and {verdict.Reference}: every outcome is the same{seeds}",
            _ => $"no difference between {verdict.Arm} and {verdict.Reference} shown: {Number(difference)} "
                + $"({Between(low, high)}, {Chance()}){CouldHaveShown()}{seeds}",
        };

        string Number(double value) => Rounded(value, decimals);

        string Between(double from, double to) =>
            $"{Rounded(100 * terms.Confidence, Decimals(100 * terms.Significance))} % interval {Number(from)} to {Number(to)}";

        // An interval that leaves 0 out beside "not shown" needs both figures to be understood.
        string Chance() => verdict.Comparisons > 1 && verdict.P <= terms.Significance && verdict.HolmP > terms.Significance
            ? $"{P(verdict.P!.Value)} alone and {P(verdict.HolmP!.Value)[2..]}{Family()}"
            : $"{P(verdict.HolmP!.Value)}{Family()}";

        string Family() => verdict.Comparisons > 1 ? $" after Holm over {verdict.Comparisons} comparisons" : "";

        string ButWithin() => verdict.EquivalenceP <= terms.Significance
            ? $", yet the two are equal within {Plain(terms.Margin!.Value)} ({P(verdict.EquivalenceP!.Value)})"
            : "";

        string CouldHaveShown() => verdict.SmallestDifference is { } smallest
            ? $"; {Data(verdict)} could have shown {Number(smallest)}"
            : "";
    }

    private static string Data(Verdict verdict)
    {
        var seeds = verdict.Seeds == 1 ? "1 seed" : $"{verdict.Seeds} seeds";
        return verdict.Items is { } items ? $"{seeds} and {items} items" : seeds;
    }

    private static string P(double p) => p < 0.001 ? "p below 0.001" : $"p {Rounded(p, p < 0.01 ? 3 : 2)}";

    private static string Plain(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>As many places as show two figures of what may be off.</summary>
    private static int Decimals(double half) =>
        double.IsFinite(half) && half > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(half)), 0, 6) : 4;

    private static string Rounded(double value, int decimals)
    {
        var text = value.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }
}
