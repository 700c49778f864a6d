using System.Globalization;
using ResLora.Experiments.Comparing;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Analyzing;

/// <summary>The folder of an analysis: runs/ARM/, analysis.json, analysis.md and plots/.</summary>
/// <param name="path">The folder.</param>
public sealed class AnalyzeFolder(string path)
{
    /// <summary>The folder itself.</summary>
    public string Path { get; } = path;

    /// <summary>Every number.</summary>
    public string ReportFile => In("analysis.json");

    /// <summary>What is seen, in words.</summary>
    public string MarkdownFile => In("analysis.md");

    /// <summary>The pictures.</summary>
    public string PlotFolder => In("plots");

    /// <summary>The folder of an arm's run.</summary>
    /// <param name="arm">The arm's name.</param>
    public string RunOf(string arm) => System.IO.Path.Combine(In("runs"), arm);

    /// <summary>Takes the folder for an analysis, which is begun or goes on.</summary>
    /// <param name="plan">The analysis.</param>
    /// <returns>The lock on the folder, the caller's.</returns>
    /// <exception cref="ConfigException">It holds another analysis or something else, or one is going on there.</exception>
    internal RunLock Enter(AnalyzePlan plan)
    {
        var identity = ClaimedFolder.IdentityOf(plan.Config.Run, plan.Sources);
        identity["analyze.steps"] = plan.Config.Settings.Steps.ToString(CultureInfo.InvariantCulture);
        identity["analyze.samples"] = plan.Config.Settings.Samples.ToString(CultureInfo.InvariantCulture);
        return new ClaimedFolder(Path, "analyzed.json", "analysis", "Arms may be added.").Enter(identity);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
