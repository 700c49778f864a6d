using ResLora.Formats.Errors;
using ResLora.Statistics.Hypotheses;

namespace ResLora.Statistics.Judging;

/// <summary>Judges the arms of a comparison against one of them (docs/statistics.md).</summary>
public static class Verdicts
{
    /// <summary>Judges a family of comparisons together.</summary>
    /// <param name="reference">What every arm is held against.</param>
    /// <param name="arms">The arms, each with the reference's seeds and items.</param>
    /// <param name="terms">On which terms.</param>
    /// <returns>A verdict for each arm, in their order.</returns>
    /// <exception cref="ConfigException">An arm has other seeds or items than the reference, or a term is out of range.</exception>
    public static IReadOnlyList<Verdict> Judge(ArmScores reference, IReadOnlyList<ArmScores> arms, VerdictTerms terms)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(arms);
        ArgumentNullException.ThrowIfNull(terms);
        terms.Require();
        foreach (var arm in arms)
        {
            RequirePaired(reference, arm);
        }

        PairedArm[] pairs = [.. arms.Select(arm => new PairedArm(reference.Scored(terms), arm.Scored(terms), terms))];
        var (differences, equalities) = (Corrected(pairs, pair => pair.P), Corrected(pairs, pair => pair.EquivalenceP));
        return [.. pairs.Select((pair, i) => pair.Judge(differences[i], equalities[i], differences.Count(p => p is not null)))];
    }

    /// <summary>Holm's over those that have a p.</summary>
    private static double?[] Corrected(PairedArm[] pairs, Func<PairedArm, double?> p)
    {
        var corrected = new Queue<double>(Correction.Holm([.. pairs.Select(p).OfType<double>()]));
        return [.. pairs.Select(pair => p(pair) is null ? null : (double?)corrected.Dequeue())];
    }

    private static void RequirePaired(ArmScores reference, ArmScores arm)
    {
        if (!arm.Seeds.SequenceEqual(reference.Seeds))
        {
            throw new ConfigException(
                $"Arm '{arm.Name}' has the seeds {string.Join(", ", arm.Seeds)} and '{reference.Name}' the seeds "
                + $"{string.Join(", ", reference.Seeds)}; only arms with the same seeds can be judged.");
        }

        if (arm.HasItems != reference.HasItems || arm.Items != reference.Items)
        {
            throw new ConfigException(
                $"Arm '{arm.Name}' has {Items(arm)} and '{reference.Name}' {Items(reference)}; "
                + "only arms with the same items can be judged.");
        }
    }

    private static string Items(ArmScores arm) => arm.HasItems ? $"{arm.Items} items" : "scores without items";
}
