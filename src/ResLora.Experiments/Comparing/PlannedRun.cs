using System.Globalization;
using System.Text.Json.Serialization;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>One run of a comparison.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Title">What it is, for people.</param>
/// <param name="Config">Its settings, with its seed, its learning rate and its folder.</param>
/// <param name="Key">What it depends on, as a digest: only a run of the same key is taken for it.</param>
internal sealed record PlannedRun(string Arm, string Title, RunConfig Config, string Key)
{
    private const int Checkpoints = 10;

    /// <summary>Its folder.</summary>
    [JsonIgnore]
    public RunFolder Folder => new(Config.Output!);

    /// <summary>Whether it only tries settings, which may turn out to be too much: then it has failed, and the rest goes on.</summary>
    public bool IsTrial { get; init; }

    /// <summary>Whether it has come to where it pauses.</summary>
    /// <param name="steps">How many steps it has done.</param>
    public bool IsPausedAfter(int steps) => steps >= Config.Training.PauseAt;

    /// <summary>Plans a run that is compared.</summary>
    /// <param name="plan">The comparison.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="rate">The learning rate.</param>
    public static PlannedRun Of(ComparePlan plan, PlannedArm arm, long seed, double rate) => Of(
        plan, arm, string.Create(
            CultureInfo.InvariantCulture,
            $"{arm.Arm.Name}, seed {seed}"), seed, rate, new CompareFolder(plan.Config.Output).RunOf(arm.Arm.Name, seed));

    /// <summary>Plans a run that tries a learning rate.</summary>
    /// <param name="plan">The comparison.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="rate">The learning rate.</param>
    public static PlannedRun OfTuning(ComparePlan plan, PlannedArm arm, double rate) => Of(
        plan, arm, string.Create(
            CultureInfo.InvariantCulture, $"{arm.Arm.Name}, trying learning rate {rate}"), plan.Config.Settings.Tune.Seed, rate,
        new CompareFolder(plan.Config.Output).TuningOf(arm.Arm.Name, rate)) with
    {
        IsTrial = true,
    };

    /// <summary>Plans a run.</summary>
    /// <param name="arm">The arm's name.</param>
    /// <param name="title">What it is, for people.</param>
    /// <param name="config">Its settings, with its seed, its learning rate and its folder.</param>
    /// <param name="steps">How many steps it has.</param>
    /// <param name="jobs">How many runs are trained at once.</param>
    /// <param name="sources">Digests of model and data.</param>
    public static PlannedRun Of(
        string arm, string title, RunConfig config, int steps, int jobs, IReadOnlyDictionary<string, string> sources)
    {
        // Where it lies, how often it saves, where it pauses and on how many threads it computes do not make it another run.
        var (training, usual) = (config.Training, new TrainConfig());
        var identity = config with
        {
            Output = null,
            Training = training with
            {
                Threads = usual.Threads,
                CheckpointEvery = usual.CheckpointEvery,
                KeepCheckpoints = usual.KeepCheckpoints,
                PauseAt = usual.PauseAt,
            },
        };
        string[] names = [ComparedFiles.Model, ComparedFiles.Training, ComparedFiles.Validation, ComparedFiles.ChatTemplate];
        var text = ComparedFiles.SettingsOf(identity).ToJsonString()
            + string.Concat(names.Select(name => $"\n{name} {sources.GetValueOrDefault(name)}"))
            // An arm may start from an adapter of its own.
            + (config.StartFrom is { } start ? $"\n{ComparedFiles.StartFrom} {ContentDigest.Of(ComparedFiles.StartFrom, start)}" : "");
        var every = training.CheckpointEvery > 0 ? training.CheckpointEvery : Math.Max(1, steps / Checkpoints);
        // Runs side by side share the processors out; one alone chooses by its model.
        var threads = training.Threads > 0 || jobs == 1 ? training.Threads : Math.Max(1, Environment.ProcessorCount / jobs);
        return new PlannedRun(
            arm,
            title,
            config with { Training = training with { CheckpointEvery = every, Threads = threads } },
            ContentDigest.OfText(text));
    }

    private static PlannedRun Of(ComparePlan plan, PlannedArm arm, string title, long seed, double rate, string folder)
    {
        var run = arm.Arm.Run;
        var config = run with { Output = folder, Training = run.Training with { Seed = seed, LearningRate = rate } };
        return Of(arm.Arm.Name, title, config, arm.Steps, plan.Jobs, plan.Sources);
    }
}
