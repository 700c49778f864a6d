using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Sweeping;

/// <summary>A sweep: what <c>reslora sweep</c> reads, the keys of a run and a section <c>sweep</c>.</summary>
/// <param name="Run">The run that every point is made from.</param>
/// <param name="Settings">The section <c>sweep</c>.</param>
/// <param name="Points">The points with their settings.</param>
/// <param name="Output">The sweep's folder.</param>
public sealed record SweepConfig(RunConfig Run, SweepSettings Settings, IReadOnlyList<SweepPoint> Points, string Output)
{
    /// <summary>The section's key.</summary>
    internal const string Section = "sweep";

    /// <summary>Reads a file and checks what it asks for.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="assignments"><c>key=value</c> each, which override the file.</param>
    /// <param name="line">What else the command line says; null for nothing.</param>
    /// <returns>The sweep, free of problems, with full paths.</returns>
    /// <exception cref="ResLoraException">The file cannot be read, or settings are wrong: all are listed.</exception>
    public static SweepConfig Read(string path, IEnumerable<string> assignments, SweepLine? line = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(assignments);
        var file = SectionedRun<SweepSettings>.Read(
            path,
            Section,
            $"it says what is varied, such as {Section}: {{over: {{adapter.rank: [4, 8, 16]}}}}, or --over adapter.rank=4,8,16",
            assignments,
            line is null ? null : line.Apply);
        var problems = new List<(string Point, string Problem)>();
        SweepPoint?[] points = file.Settings.HasPoints
            ? [.. PointChoices.Of(file.Settings).Select(choice => Resolve(choice, file, problems))]
            : [];
        // What is wrong with a value is wrong with every point that has it.
        ConfigBinder.ThrowIfAny(
            path,
            [
                .. file.Problems,
                .. problems.GroupBy(one => one.Problem, one => one.Point).Select(group => $"{group.Key} ({Named([.. group])})"),
            ]);
        return new SweepConfig(file.Run, file.Settings, points!, file.Output);
    }

    /// <summary>Points in words: the first by its name, the others by their number.</summary>
    /// <param name="names">Their names.</param>
    internal static string Named(IReadOnlyList<string> names) =>
        $"point '{names[0]}'{(names.Count > 1 ? $" and {names.Count - 1} more" : "")}";

    private static SweepPoint? Resolve(
        int[] choice, SectionedRun<SweepSettings> file, List<(string Point, string Problem)> problems)
    {
        string[] keys = [.. file.Settings.Over.Keys];
        JsonElement[] values = [.. file.Settings.Over.Values.Zip(choice, (all, i) => all[i])];
        string[] texts = [.. values.Select(PointNames.OfValue)];
        var name = string.Join(", ", PointNames.OfKeys(keys).Zip(texts, (key, text) => $"{key}={text}"));
        var found = new List<string>();
        var settings = keys.Zip(values, (key, value) => DottedKeys.Of(typeof(RunConfig), key, value)).SelectMany(own => own);
        var run = file.With(settings.Select(setting => $"{setting.Key}={setting.Value.GetRawText()}"), found);
        problems.AddRange(found.Select(problem => (name, problem)));
        return run is null ? null : new SweepPoint(name, PointNames.FolderOf(name), texts, run);
    }
}
