using ResLora.Experiments.Configuration;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;
using ResLora.Text.Data.Tasks;
using ResLora.Training;

namespace ResLora.Experiments.Comparing;

/// <summary>What a comparison will do, known before a weight is read.</summary>
/// <param name="Config">The comparison.</param>
/// <param name="Arms">The arms, in the order of the file.</param>
/// <param name="Sources">Digests of the model's and the data's files, by what they are of.</param>
public sealed record ComparePlan(CompareConfig Config, IReadOnlyList<PlannedArm> Arms, IReadOnlyDictionary<string, string> Sources)
{
    private const int MostJobs = 64;

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
        RequireJobs(jobs);
        RequireGenerating(config);
        var sources = ComparedFiles.Of(config);
        // Arms have model, task and data in common.
        var data = TrainJob.ReadData(ComputeType.Resolve(config.Run));
        if (config.Arms.Any(arm => arm.LearningRates.Count > 0) && !data.HasValidation)
        {
            throw new ConfigException(
                "compare.tune chooses learning rates by validation data, and there is none; give data.validation or data.validationCount.");
        }

        RequireTests(config, data);
        var encoded = new Dictionary<EncodingTerms, EncodedData>();
        var (planned, problems) = (new List<PlannedArm>(), new List<string>());
        foreach (var arm in config.Arms)
        {
            try
            {
                planned.Add(Plan(arm, data, encoded));
            }
            catch (ResLoraException error)
            {
                problems.Add($"arm '{arm.Name}' cannot be trained: {error.Message.TrimEnd('.')}; change what it sets, or leave it out (compare.exclude: [{arm.Name}])");
            }
        }

        ConfigBinder.ThrowIfAny("The comparison", problems);
        RequireRoom(planned, jobs);
        return new ComparePlan(config, planned, sources) { HasHead = data.Head is not null, LossUnit = data.LossUnit, Jobs = jobs };
    }

    /// <summary>The runs of a seed in the order in which they are made: shuffled, so that a machine that grows slower hits all arms
    /// alike.</summary>
    /// <param name="seed">The seed.</param>
    internal PlannedArm[] OrderOf(long seed)
    {
        PlannedArm[] arms = [.. Arms];
        StableRandom.Shuffle(arms, (ulong)seed);
        return arms;
    }

    private static PlannedArm Plan(Arm arm, TaskData data, Dictionary<EncodingTerms, EncodedData> encoded)
    {
        var run = ComputeType.Resolve(arm.Run);
        using var session = ModelSession.Plan(run.Model, data.Head);
        run = run.For(session.Model);
        var terms = EncodingTerms.Of(run.Training);
        if (!encoded.TryGetValue(terms, out var examples))
        {
            encoded[terms] = examples = data.Encode(session, terms);
        }

        var plan = PlanJob.Of(run, session, data, examples);
        return new PlannedArm(arm, plan.Run.TrainableParameters, plan.Run.Steps, plan.Run.Memory);
    }

    /// <summary>A test that cannot be read is better known before training than after it. Nothing is measured on it yet.</summary>
    private static void RequireTests(CompareConfig config, TaskData data)
    {
        using var session = ModelSession.Plan(config.Run.Model, data.Head);
        _ = TestData.Read(config, session, null);
        _ = TestData.ReadGeneral(config, session, null);
    }

    private static void RequireJobs(int jobs)
    {
        if (jobs is < 1 or > MostJobs)
        {
            throw new ConfigException($"--jobs is {jobs}; it must be from 1 to {MostJobs}.");
        }
    }

    /// <summary>That the largest runs fit into memory side by side, as far as anybody knows.</summary>
    private static void RequireRoom(IReadOnlyList<PlannedArm> arms, int jobs)
    {
        var most = arms.Max(arm => arm.Memory?.Total ?? 0);
        if (jobs > 1 && SystemMemory.AvailableBytes() is { } free && most * jobs > free)
        {
            throw new ConfigException(
                $"--jobs is {jobs}, and as many runs may take {ByteSize.Format(most * jobs)} together, of which {ByteSize.Format(free)} are free; take {Math.Max(1, free / most)} at most.");
        }
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
