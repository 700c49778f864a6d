using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>analysis.json: every number, and what was seen in them.</summary>
public sealed record AnalysisReport
{
    /// <summary>The version of the format.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version of the format that the file has.</summary>
    public required int Version { get; init; }

    /// <summary>The program and its version.</summary>
    public required string Program { get; init; }

    /// <summary>The machine: its system and processors.</summary>
    public required string Machine { get; init; }

    /// <summary>The task.</summary>
    public required string Task { get; init; }

    /// <summary>The seed of every run.</summary>
    public required long Seed { get; init; }

    /// <summary>How many held-out samples were measured on, which may be fewer than were asked for.</summary>
    public required int Samples { get; init; }

    /// <summary>What losses are measured in.</summary>
    public required string LossUnit { get; init; }

    /// <summary>What was measured, arm by arm.</summary>
    public required IReadOnlyList<ArmAnalysis> Arms { get; init; }

    /// <summary>What is seen, a sentence each.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Digests of the model's and the data's files, by what they are of.</summary>
    public required IReadOnlyDictionary<string, string> Sources { get; init; }

    /// <summary>The settings, defaults included, as YAML.</summary>
    public required string Config { get; init; }

    /// <summary>Makes the report of runs that are done.</summary>
    /// <param name="plan">The analysis.</param>
    internal static AnalysisReport Of(AnalyzePlan plan)
    {
        var config = plan.Config;
        ArmAnalysis[] arms =
        [
            .. plan.Arms.Select(arm =>
            {
                var run = plan.RunOf(arm);
                var steps = ProbeLog.Open(run.Folder.Path).Steps;
                return new ArmAnalysis(
                    run.Arm, arm.Arm.Assignments, RunRecord.Find(run)!.TrainedParameters, ArmSummary.Of(steps), steps);
            }),
        ];
        // Measurements of earlier versions do not say it.
        var samples = arms.Max(arm => arm.Steps.Max(step => step.Samples)) is > 0 and var measured ? measured : config.Settings.Samples;
        return new AnalysisReport
        {
            Version = CurrentVersion,
            Program = ReportOrigin.Program(),
            Machine = ReportOrigin.Machine(jobs: 1),
            Task = config.Run.Task,
            Seed = config.Run.Training.Seed,
            Samples = samples,
            LossUnit = plan.LossUnit,
            Arms = arms,
            Findings = [.. AnalysisFindings.Of(arms, config.Run.Training.Seed, samples, plan.LossUnit)],
            Sources = plan.Sources,
            Config = ReportOrigin.Yaml(config.Run, "analyze", config.Settings),
        };
    }

    /// <summary>Writes the report.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    internal void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, ComparisonJson.Options) + "\n");
}
