namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Says which runs have learnt nothing: they gave every test sample the same label. Arms of which all did are "equal" without a
/// word about their methods.</summary>
internal static class LearningCaveats
{
    /// <summary>The sentences, none where every run tells samples apart.</summary>
    /// <param name="arms">Each arm's name, how many of its runs gave one label, and how many runs it has.</param>
    public static IEnumerable<string> Of(IReadOnlyList<(string Name, int OneLabel, int Runs)> arms)
    {
        if (arms.All(arm => arm.OneLabel == arm.Runs))
        {
            yield return "nothing was learnt: every run gave every test sample the same label, so that verdicts on the score say nothing; "
                + "train for longer, or with other learning rates";
        }
        else if (arms.Any(arm => arm.OneLabel > 0))
        {
            string[] never = [.. arms.Where(arm => arm.OneLabel == arm.Runs).Select(arm => arm.Name)];
            IEnumerable<string> sometimes = arms.Where(arm => arm.OneLabel > 0 && arm.OneLabel < arm.Runs)
                .Select(arm => $"{arm.Name} with {arm.OneLabel} of {arm.Runs} seeds");
            var all = never.Length > 0 ? sometimes.Prepend($"{string.Join(", ", never)} with every seed") : sometimes;
            yield return $"some runs have learnt nothing and gave every test sample the same label: {string.Join("; ", all)}. Verdicts on the "
                + "score of these arms say little of their methods, and nothing where two of them are equal";
        }
    }
}
