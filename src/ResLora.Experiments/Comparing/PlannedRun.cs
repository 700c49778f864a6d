using System.Globalization;
using ResLora.Experiments.Running;
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
    public RunFolder Folder => new(Config.Output!);

    /// <summary>Whether it only tries a learning rate, which may turn out to be too high.</summary>
    public bool IsTrial { get; private init; }

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

    private static PlannedRun Of(ComparePlan plan, PlannedArm planned, string title, long seed, double rate, string folder)
    {
        var arm = planned.Arm;
        var config = arm.Run with { Training = arm.Run.Training with { Seed = seed, LearningRate = rate } };
        // How often it saves and on how many threads it computes do not make it another run.
        var usual = new TrainConfig();
        var identity = config with
        {
            Training = config.Training with { Threads = usual.Threads, CheckpointEvery = usual.CheckpointEvery, KeepCheckpoints = usual.KeepCheckpoints },
        };
        string[] names = [ComparedFiles.Model, ComparedFiles.Training, ComparedFiles.Validation, ComparedFiles.ChatTemplate];
        var text = ComparedFiles.SettingsOf(identity).ToJsonString()
            + string.Concat(names.Select(name => $"\n{name} {plan.Sources.GetValueOrDefault(name)}"))
            // An arm may start from an adapter of its own.
            + (config.StartFrom is { } start ? $"\n{ComparedFiles.StartFrom} {ComparedFiles.Digest(ComparedFiles.StartFrom, start)}" : "");
        var every = config.Training.CheckpointEvery > 0 ? config.Training.CheckpointEvery : Math.Max(1, planned.Steps / Checkpoints);
        // Runs side by side share the processors out; one alone chooses by its model.
        var threads = config.Training.Threads > 0 || plan.Jobs == 1 ? config.Training.Threads : Math.Max(
            1, Environment.ProcessorCount / plan.Jobs);
        return new PlannedRun(
            arm.Name, title, config with { Output = folder, Training = config.Training with { CheckpointEvery = every, Threads = threads } }, ComparedFiles.DigestOf(text));
    }
}
