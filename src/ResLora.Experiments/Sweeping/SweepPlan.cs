using System.Globalization;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Sweeping;

/// <summary>What a sweep will do, known before a weight is read.</summary>
/// <param name="Config">The sweep.</param>
/// <param name="Points">The points, in the order of their values.</param>
/// <param name="Sources">Digests of the model's and the data's files, by what they are of.</param>
public sealed record SweepPlan(SweepConfig Config, IReadOnlyList<PlannedPoint> Points, IReadOnlyDictionary<string, string> Sources)
{
    /// <summary>How many runs are trained at once, each in a process of its own where there are more than one.</summary>
    public int Jobs { get; private init; } = 1;

    /// <summary>Where points are left behind; empty without halving.</summary>
    public IReadOnlyList<Rung> Rungs => Rung.Of(Config.Settings.Halving, Points.Count);

    /// <summary>How many runs there are: a point and a seed each.</summary>
    public int Runs => Points.Count * Config.Settings.Seeds.Count;

    /// <summary>What is trained, as a share of training every point to its end.</summary>
    public double StepShare
    {
        get
        {
            var (left, done, sum) = ((double)Points.Count, 0.0, 0.0);
            foreach (var rung in Rungs.Append(new Rung(1, 0, 0)))
            {
                sum += left * (rung.Share - done);
                (left, done) = (rung.Kept, rung.Share);
            }

            return sum / Points.Count;
        }
    }

    /// <summary>Makes the plan, and refuses what cannot be carried out: all points that cannot be trained are named.</summary>
    /// <param name="config">The sweep, free of problems.</param>
    /// <param name="jobs">How many runs are trained at once. Default 1.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Model or data cannot be used, or points cannot be trained.</exception>
    public static SweepPlan Of(SweepConfig config, int jobs = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        JobCount.Require(jobs);
        var sources = ComparedFiles.Of(ComparedFiles.FilesOf(config.Run));
        config = config with
        {
            Run = ComputeType.Resolve(config.Run),
            Points = [.. config.Points.Select(point => point with { Run = ComputeType.Resolve(point.Run) })],
        };
        var planner = new RunPlanner(config.Run);
        if (!planner.Data.HasValidation)
        {
            throw new ConfigException(
                "A sweep judges its points by validation data, and there is none; give data.validation or data.validationCount.");
        }

        var (planned, problems) = (new List<PlannedPoint>(), new List<(string Point, string Problem)>());
        foreach (var point in config.Points)
        {
            try
            {
                planned.Add(new PlannedPoint(point, planner.Plan(point.Run)));
            }
            catch (ResLoraException error)
            {
                problems.Add((point.Name, error.Message.TrimEnd('.')));
            }
        }

        ConfigBinder.ThrowIfAny(
            "The sweep",
            [
                .. problems.GroupBy(one => one.Problem, one => one.Point)
                    .Select(group => $"{SweepConfig.Named([.. group])} cannot be trained: {group.Key}; leave the value out"),
            ]);
        JobCount.RequireRoom(planned.Select(point => point.Size), jobs);
        var plan = new SweepPlan(config, planned, sources) { Jobs = jobs };
        plan.RequireRungs();
        return plan;
    }

    /// <summary>A run of a point.</summary>
    /// <param name="point">The point.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="rung">Where it pauses; null for its end.</param>
    internal PlannedRun RunOf(PlannedPoint point, long seed, Rung? rung)
    {
        var (name, run) = (point.Point.Name, point.Point.Run);
        var step = rung?.StepOf(point.Size.Steps);
        var title = string.Create(
            CultureInfo.InvariantCulture, $"{name}, seed {seed}{(step is null ? "" : $", up to step {step} of {point.Size.Steps}")}");
        var config = run with
        {
            Output = new SweepFolder(Config.Output).RunOf(point.Point, seed),
            Training = run.Training with { Seed = seed, PauseAt = step },
        };
        return PlannedRun.Of(name, title, config, point.Size.Steps, Jobs, Sources) with { IsTrial = true };
    }

    private void RequireRungs()
    {
        foreach (var point in Points)
        {
            var steps = point.Size.Steps;
            int[] rungs = [.. Rungs.Select(rung => rung.StepOf(steps)).Prepend(0).Append(steps)];
            if (rungs.Zip(rungs.Skip(1)).Any(pair => pair.First >= pair.Second))
            {
                throw new ConfigException(
                    $"{SweepConfig.Section}.halving has its rungs at the steps {string.Join(", ", rungs[1..^1])} of {steps} "
                    + $"(point '{point.Point.Name}'); "
                    + "each must be one of its own before the end: take fewer rungs, or longer runs.");
            }
        }
    }
}
