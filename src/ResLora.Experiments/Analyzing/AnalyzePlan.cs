using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Analyzing;

/// <summary>What an analysis will do, known before a weight is read.</summary>
/// <param name="Config">The analysis.</param>
/// <param name="Arms">The arms.</param>
/// <param name="Sources">Digests of model and data.</param>
public sealed record AnalyzePlan(AnalyzeConfig Config, IReadOnlyList<PlannedArm> Arms, IReadOnlyDictionary<string, string> Sources)
{
    /// <summary>What the losses are measured in.</summary>
    internal string LossUnit { get; private init; } = "";

    /// <summary>Makes the plan, and refuses what cannot be carried out: all arms that cannot be trained are named.</summary>
    /// <param name="config">The analysis, free of problems.</param>
    /// <exception cref="ResLoraException">Model or data cannot be used, or arms cannot be trained.</exception>
    public static AnalyzePlan Of(AnalyzeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var sources = ComparedFiles.Of(ComparedFiles.FilesOf(config.Run));
        config = config with { Run = ComputeType.Resolve(config.Run) };
        var planner = new RunPlanner(config.Run);
        var problems = new List<string>();
        if (!planner.Data.HasValidation)
        {
            problems.Add("gradients are measured on held-out samples, and there are none; give data.validation or data.validationCount");
        }

        var arms = planner.Plan(config.Arms, _ => "analyze.arms", problems);
        ConfigBinder.ThrowIfAny("The analysis", problems);
        return new AnalyzePlan(config, arms, sources) { LossUnit = planner.Data.LossUnit };
    }

    /// <summary>The run of an arm.</summary>
    /// <param name="arm">The arm.</param>
    internal PlannedRun RunOf(PlannedArm arm)
    {
        var name = arm.Arm.Name;
        var config = arm.Arm.Run with { Output = new AnalyzeFolder(Config.Output).RunOf(name) };
        return PlannedRun.Of(name, name, config, arm.Steps, jobs: 1, Sources);
    }
}
