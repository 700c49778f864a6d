using System.Text.Json.Nodes;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Analyzing;

/// <summary>What <c>reslora analyze</c> reads: the keys of a run, and perhaps a section <c>analyze</c>.</summary>
/// <param name="Run">The run that every arm is made from.</param>
/// <param name="Settings">The section <c>analyze</c>.</param>
/// <param name="Arms">The arms with their settings.</param>
/// <param name="Output">The folder of the analysis.</param>
public sealed record AnalyzeConfig(RunConfig Run, AnalyzeSettings Settings, IReadOnlyList<Arm> Arms, string Output)
{
    private const string Section = "analyze";

    /// <summary>Reads a file and checks what it asks for.</summary>
    /// <param name="path">The YAML file, which may be that of a run.</param>
    /// <param name="assignments"><c>key=value</c> each, which override the file.</param>
    /// <returns>The analysis, free of problems, with full paths; its folder is that of the run with <c>-analysis</c> behind it.</returns>
    /// <exception cref="ResLoraException">The file cannot be read, or settings are wrong: all are listed.</exception>
    public static AnalyzeConfig Read(string path, params IEnumerable<string> assignments)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(assignments);
        var file = SectionedRun<AnalyzeSettings>.Read(
            path,
            Section,
            $"leave it out for the usual ones, or write such as {Section}: {{arms: [lora, input]}}",
            assignments,
            AddSection);
        var problems = new List<string>(file.Problems);
        var arms = ArmsOf(file, problems);
        ConfigBinder.ThrowIfAny(path, problems);
        return new AnalyzeConfig(file.Run, file.Settings, arms, file.Output + "-analysis");
    }

    /// <summary>A run's own file has no such section.</summary>
    private static void AddSection(JsonObject root) => root.TryAdd(Section, new JsonObject());

    private static Arm[] ArmsOf(SectionedRun<AnalyzeSettings> file, List<string> problems)
    {
        var (run, settings) = (file.Run, file.Settings);
        if (WorkloadRegistry.Tasks.Contains(run.Task) && WorkloadRegistry.Of(run.Task).Denoises)
        {
            problems.Add(
                $"task '{run.Task}' draws its noise anew for every loss, so that no two steps could be compared; "
                + "analyze takes the other tasks");
        }

        if (PaperArms.Problem(run, "arms are those of the paper") is { } problem)
        {
            problems.Add($"{Section}.{problem}");
            return [];
        }

        var known = PaperArms.Of(run, []).ToDictionary(arm => arm.Name, StringComparer.Ordinal);
        string[] fit = [.. known.Values.Where(arm => IsLora(arm, file)).Select(arm => arm.Name)];
        problems.AddRange(settings.Arms.Except(fit).Select(name => known.ContainsKey(name)
            ? $"{Section}.arms has '{name}', whose update is no plain s · B A to split gradients by. Arms: {string.Join(", ", fit)}"
            : $"{Section}.arms has '{name}', which is no arm.{NearestName.Suggestion(name, fit)} Arms: {string.Join(", ", fit)}"));
        return [.. settings.Arms.Intersect(fit).Select(name => Resolve(known[name], file, problems)).OfType<Arm>()];
    }

    private static bool IsLora(ArmSettings arm, SectionedRun<AnalyzeSettings> file) =>
        file.With(arm.SingleAssignments, []) is not { Adapter: not { Method: null } };

    private static Arm? Resolve(ArmSettings arm, SectionedRun<AnalyzeSettings> file, List<string> problems)
    {
        var found = new List<string>();
        var run = file.With(arm.SingleAssignments, found);
        problems.AddRange(found.Select(problem => $"arm '{arm.Name}': {problem}"));
        return run is null ? null : new Arm(arm.Name, arm.Assignments, [], run);
    }
}
