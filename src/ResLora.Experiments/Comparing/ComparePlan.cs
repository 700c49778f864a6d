using ResLora.Experiments.Configuration;
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
        var planner = new RunPlanner(config.Run);
        var data = planner.Data;
        if (config.Arms.Any(arm => arm.LearningRates.Count > 0) && !data.HasValidation)
        {
            throw new ConfigException(
                "compare.tune chooses learning rates by validation data, and there is none; give data.validation or data.validationCount.");
        }

        RequireTests(config, data);
        var problems = new List<string>();
        var planned = planner.Plan(config.Arms, name => $"compare.exclude: [{name}]", problems);
        ConfigBinder.ThrowIfAny("The comparison", problems);
        JobCount.RequireRoom(planned.Select(arm => arm.Size), jobs);
        return new ComparePlan(config, planned, sources) { HasHead = data.Head is not null, LossUnit = data.LossUnit, Jobs = jobs };
    }

    /// <summary>A test that cannot be read is better known before training than after it. Nothing is measured on it yet.</summary>
    private static void RequireTests(CompareConfig config, TaskData data)
    {
        using var session = ModelSession.Plan(config.Run.Model, data.Head);
        _ = TestData.Read(config, session, null);
        _ = TestData.ReadGeneral(config, session, null);
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
