using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Tasks;
using ResLora.Training;

namespace ResLora.Experiments.Comparing;

/// <summary>What a comparison will do, known before a weight is read.</summary>
/// <param name="Config">The comparison.</param>
/// <param name="Arms">The arms, in the order of the file.</param>
/// <param name="Sources">Digests of the model's and the data's files, by what they are of.</param>
public sealed record ComparePlan(CompareConfig Config, IReadOnlyList<PlannedArm> Arms, IReadOnlyDictionary<string, string> Sources)
{
    /// <summary>Whether the task needs a head, which the model without training lacks.</summary>
    internal bool HasHead { get; private init; }

    /// <summary>What the losses are measured in.</summary>
    internal string LossUnit { get; private init; } = "";

    /// <summary>How many test samples the runs see before they are tested.</summary>
    public SeenTests Seen { get; private init; } = new(0, 0, 0);

    /// <summary>How many runs are trained at once, each in a process of its own where there are more than one.</summary>
    public int Jobs { get; private init; } = 1;

    /// <summary>How many runs choose learning rates.</summary>
    public int TuningRuns => Arms.Sum(arm => arm.Arm.LearningRates.Count);

    /// <summary>How many runs are compared.</summary>
    public int Runs => Arms.Count * Config.Settings.Seeds.Count;

    /// <summary>Makes the plan, and refuses what cannot be carried out: all arms that cannot be trained are named.</summary>
    /// <param name="config">The comparison, free of problems.</param>
    /// <param name="jobs">How many runs are trained at once. Default 1.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Model or data cannot be used, or arms cannot be trained.</exception>
    public static ComparePlan Of(CompareConfig config, int jobs = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        JobCount.Require(jobs);
        RequireGenerating(config);
        var sources = ComparedFiles.Of(ComparedFiles.FilesOf(config));
        // Once and for all: another host, or this comparison on another day, may have other instructions.
        config = config with { Run = ComputeType.Resolve(config.Run) };
        var planner = new RunPlanner(config.Run);
        var data = planner.Data;
        if (config.Arms.Any(arm => arm.LearningRates.Count > 0) && !data.HasValidation)
        {
            throw new ConfigException(
                "compare.tune chooses learning rates by validation data, and there is none; give data.validation or data.validationCount.");
        }

        var seen = ReadTests(config, data);
        var problems = new List<string>();
        var planned = planner.Plan(config.Arms, name => $"compare.exclude: [{name}]", problems);
        problems.AddRange(Unequal(planned));
        ConfigBinder.ThrowIfAny("The comparison", problems);
        JobCount.RequireRoom(planned.Select(arm => arm.Size), jobs);
        return new ComparePlan(config, planned, sources)
        {
            HasHead = data.Head is not null,
            LossUnit = data.LossUnit,
            Seen = seen,
            Jobs = jobs,
        };
    }

    /// <summary>
    /// A test that cannot be read, or by which something would be chosen, is better known before training than after it. Nothing is
    /// measured on it yet.
    /// </summary>
    private static SeenTests ReadTests(CompareConfig config, TaskData data)
    {
        using var session = ModelSession.Plan(config.Run.Model, data.Head);
        var seen = SeenTests.Of(data, TestData.Read(config, session, null));
        seen.Require(config.Settings, data.Inputs(heldOut: true).Count());
        if (seen.Caveat is { } caveat)
        {
            Warnings.Add(caveat + ".");
        }

        _ = TestData.ReadGeneral(config, session, null);
        return seen;
    }

    /// <summary>Arms that read more or less than the first, or are scored on other samples.</summary>
    private static IEnumerable<string> Unequal(IReadOnlyList<PlannedArm> arms)
    {
        static (int Steps, long Samples, int Validation) Of(PlannedArm arm) =>
            (arm.Steps, (long)arm.Arm.Run.Training.BatchSize * arm.Arm.Run.Training.AccumulationSteps, arm.Size.ValidationSamples);
        static string Text(PlannedArm arm) =>
            $"{arm.Steps} steps of {Of(arm).Samples} samples and has {arm.Size.ValidationSamples} validation samples";
        return arms.Where(arm => Of(arm) != Of(arms[0])).Select(arm =>
            $"arm '{arm.Arm.Name}' makes {Text(arm)}, '{arms[0].Arm.Name}' makes {Text(arms[0])}; "
            + "give all arms as many of each (batchSize times accumulationSteps, and steps)");
    }

    private static void RequireGenerating(CompareConfig config)
    {
        if (config.Settings.GeneralText is not null && TaskRegistry.All.All(task => task.Name != config.Run.Task))
        {
            throw new ConfigException(
                $"compare.generalText is for models that continue texts, and task '{config.Run.Task}' has none of these; leave it out.");
        }
    }
}
