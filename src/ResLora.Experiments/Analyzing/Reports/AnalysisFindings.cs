using System.Globalization;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>Says what is seen in the numbers, and what they cannot say. Every word that judges comes with its bounds.</summary>
internal static class AnalysisFindings
{
    private const string Reference = "lora";
    private const double More = 1.25;
    private const double Less = 0.8;
    private const double Small = 0.1;
    private const double Alike = 0.9;
    private const double Across = 0.5;

    /// <summary>The sentences.</summary>
    /// <param name="arms">The arms.</param>
    /// <param name="seed">Their seed.</param>
    /// <param name="samples">How many samples were measured on.</param>
    /// <param name="unit">What losses are measured in.</param>
    public static IEnumerable<string> Of(IReadOnlyList<ArmAnalysis> arms, long seed, int samples, string unit)
    {
        var reference = arms.FirstOrDefault(arm => arm.Name == Reference);
        var others = arms.Where(arm => arm != reference).ToArray();
        return [.. Early(reference, others), .. arms.SelectMany(OfShortcut), Loss(arms, seed, samples, unit)];
    }

    private static IEnumerable<string> Early(ArmAnalysis? reference, ArmAnalysis[] others)
    {
        if (reference?.Summary.EarlyOverLate is not { } plain)
        {
            yield break;
        }

        yield return $"Early layers: in {reference.Name} the gradients of the first half of the layers are {Text(plain)} times those of "
            + $"the second half (geometric mean over {reference.Steps.Count(step => step.Step > 0)} steps).";
        foreach (var arm in others)
        {
            if (arm.Summary.EarlyOverLate is { } ratio)
            {
                yield return $"In {arm.Name} it is {Text(ratio)} times, {Text(ratio / plain)} times as much as in {reference.Name}: "
                    + $"{Word(ratio / plain)} (more from {Text(More)} up, less from {Text(Less)} down).";
            }
        }
    }

    private static IEnumerable<string> OfShortcut(ArmAnalysis arm) =>
        [.. OfInputs(arm), .. OfFactors(arm.Name, arm.Summary), .. OfUpdate(arm.Name, arm.Summary)];

    private static IEnumerable<string> OfInputs(ArmAnalysis arm)
    {
        if (arm.Summary is not { StraightOverBase: { } straight, StraightCosine: { } cosine })
        {
            yield break;
        }

        var word = straight < Small ? "a small part" : straight <= 1 ? "less than the rest, but no small part" : "more than the rest";
        yield return $"{arm.Name}: what reaches an input straight through shortcuts (equation 16's term) is {Text(straight)} "
            + $"times what comes through the base model (equation 15), {word} (small below {Text(Small)}); the cosine between the two is {Text(cosine)}. "
            + "Of all chains that lead to an input together; medians over inputs and steps.";
        if (arm.Steps is [{ Step: 0 } first, ..] && first.Blocks.All(block => block.Probe.Input is null or { Shortcut: 0 }))
        {
            yield return $"{arm.Name}: before the first step nothing comes through shortcuts, since every B is 0.";
        }
    }

    private static IEnumerable<string> OfFactors(string arm, ArmSummary summary)
    {
        if (summary is { ShortcutOfA: { } ofA, ShortcutOfB: { } ofB })
        {
            yield return $"{arm}: the shortcuts' term is {Text(ofA)} times a block's own term in the gradient of A, and {Text(ofB)} times "
                + "in that of B (medians).";
        }
        else if ((summary.ShortcutOfA ?? summary.ShortcutOfB) is { } alone)
        {
            yield return $"{arm}: the shortcuts' term is {Text(alone)} times a block's own term in the gradient (median).";
        }
    }

    private static IEnumerable<string> OfUpdate(string arm, ArmSummary summary)
    {
        if (summary is { Added: { } added, AddedCosine: { } direction })
        {
            var word = direction switch
            {
                >= Alike => $"much as a larger alpha would (cosine from {Text(Alike)} up)",
                >= Across => $"partly as a larger alpha would (cosine from {Text(Across)} up)",
                > -Across => $"in a direction of its own (cosine between {Text(-Across)} and {Text(Across)})",
                > -Alike => $"partly as a smaller alpha would (cosine to {Text(-Across)})",
                _ => $"much as a smaller alpha would (cosine to {Text(-Alike)})",
            };
            yield return $"{arm}: the shortcut adds {Text(added)} times a block's own update, with cosine {Text(direction)} to it: {word}.";
        }

        if (summary is { FirstAlpha: { } begin, LastAlpha: { } end, LastAlphaByInputs: { } byInputs })
        {
            yield return $"{arm}: alpha* by projection goes from {Text(begin)} to {Text(end)} (medians over blocks), and by inputs it ends "
                + $"at {Text(byInputs)}; the merge by inputs does not see directions.";
        }
    }

    private static string Loss(IReadOnlyList<ArmAnalysis> arms, long seed, int samples, string unit)
    {
        var losses = string.Join(
            ", ", arms.Select(arm => $"{arm.Name} {arm.Summary.LastLoss.ToString("0.0000", CultureInfo.InvariantCulture)}"));
        return $"Does it matter? The loss of the samples at the end is {losses} ({unit}). This is one seed ({seed}) and {samples} samples: "
            + "whether a difference is more than chance is for reslora compare to say, with several seeds.";
    }

    private static string Word(double ratio) =>
        ratio >= More ? "early layers get more" : ratio <= Less ? "early layers get less" : "about the same";

    private static string Text(double number) =>
        number.ToString(Math.Abs(number) is > 0 and < Small ? "0.000" : "0.00", CultureInfo.InvariantCulture);
}
