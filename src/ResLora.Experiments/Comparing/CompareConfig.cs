using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Comparing;

/// <summary>A comparison: what <c>reslora compare</c> reads, the keys of a run and a section <c>compare</c>.</summary>
/// <param name="Run">The run that every arm is made from.</param>
/// <param name="Settings">The section <c>compare</c>.</param>
/// <param name="Arms">The arms with their settings, the reference among them.</param>
/// <param name="Reference">The name of the arm that the others are held against.</param>
/// <param name="Output">The comparison's folder.</param>
public sealed record CompareConfig(RunConfig Run, CompareSettings Settings, IReadOnlyList<Arm> Arms, string Reference, string Output)
{
    private const string Section = "compare";

    /// <summary>Reads a file and checks what it asks for.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="assignments"><c>key=value</c> each, which override the file.</param>
    /// <returns>The comparison, free of problems, with full paths.</returns>
    /// <exception cref="ResLoraException">The file cannot be read, or settings are wrong: all are listed.</exception>
    public static CompareConfig Read(string path, params IEnumerable<string> assignments)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(assignments);
        var file = SectionedRun<CompareSettings>.Read(
            path, Section, $"it says what is compared, such as {Section}: {{arms: paper, test: test.jsonl}}", assignments);
        ConfigBinder.ThrowIfAny(path, file.Problems);
        var problems = new List<string>();
        var all = Named(file.Run, file.Settings, problems);
        var arms = all.Select(arm => Resolve(arm, file, problems)).ToArray();
        ConfigBinder.ThrowIfAny(path, problems);
        return new CompareConfig(file.Run, file.Settings, arms!, file.Settings.Reference ?? UsualReference(all), file.Output);
    }

    /// <summary>The arms that are not left out.</summary>
    private static ArmSettings[] Named(RunConfig run, CompareSettings settings, List<string> problems)
    {
        if (settings.Arms.Own is null && PaperArms.Problem(run, "arms is paper") is { } problem)
        {
            problems.Add($"{Section}.{problem}");
            return [];
        }

        var all = settings.Arms.Own ?? PaperArms.Of(run, settings.Tune.LearningRate);
        string[] names = [.. all.Select(arm => arm.Name)];
        // Folders are called after them, and some disks do not tell cases apart.
        problems.AddRange(names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1)
            .Select(group => $"{Section}.arms has '{group.Key}' more than once; give each a name of its own"));
        problems.AddRange(settings.Exclude.Except(names)
            .Select(name => $"{Section}.exclude has '{name}', which is no arm.{NearestName.Suggestion(name, names)} Arms: {string.Join(", ", names)}"));
        ArmSettings[] left = [.. all.Where(arm => !settings.Exclude.Contains(arm.Name))];
        if (left.Length < 2)
        {
            problems.Add($"{Section} is left with {left.Length} arm{(left.Length == 1 ? "" : "s")}; there must be two or more to compare");
        }
        else if ((settings.Reference ?? UsualReference(left)) is var reference && left.All(arm => arm.Name != reference))
        {
            problems.Add($"{Section}.reference is '{reference}', which is no arm.{NearestName.Suggestion(reference, names)} Arms: {string.Join(", ", left.Select(arm => arm.Name))}");
        }

        return left;
    }

    private static string UsualReference(ArmSettings[] arms) =>
        arms.FirstOrDefault(arm => arm.Name == PaperArms.Reference)?.Name ?? arms[0].Name;

    private static Arm? Resolve(ArmSettings arm, SectionedRun<CompareSettings> file, List<string> problems)
    {
        var found = new List<string>();
        var run = file.With(arm.SingleAssignments, found);
        var settings = file.Settings;
        var rates = arm.LearningRates ?? settings.Tune.LearningRate;
        found.AddRange(TuneSettings.RateProblems(rates).Select(problem => $"learningRates {problem}"));
        if (rates.Count != settings.Tune.LearningRate.Count)
        {
            found.Add($"it has {rates.Count} learningRates, and {Section}.tune.learningRate has {settings.Tune.LearningRate.Count}; every arm gets as many tries");
        }

        problems.AddRange(found.Select(problem => $"arm '{arm.Name}': {problem}"));
        return run is null ? null : new Arm(arm.Name, arm.Assignments, rates, run);
    }
}
