using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models.Fused;
using ResLora.Training.Checkpoints;
using ResLora.Training.Distributed;

namespace ResLora.Training.Loop;

/// <summary>
/// What two runs must have in common for one to go on where the other stopped. How often a run evaluates and saves, its
/// patience, threads and checkpointing of gradients may change, and with a constant learning rate its length.
/// </summary>
internal static class RunIdentity
{
    private const string Steps = TrainerState.StepsName;
    private const string Base = "the base model's weights";

    public static IReadOnlyDictionary<string, string> Of(TrainSetup setup, int totalSteps, PipelineStage? stage)
    {
        var config = setup.Config;
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal);
        (string Name, object Value)[] settings =
        [
            (Steps, totalSteps), ("batchSize", config.BatchSize), ("accumulationSteps", config.AccumulationSteps),
            ("learningRate", config.LearningRate), ("schedule", config.Schedule), ("warmupRatio", config.WarmupRatio),
            (
                "warmupSteps",
                config.WarmupSteps ?? -1), ("weightDecay", config.WeightDecay), ("beta1", config.Beta1), ("beta2", config.Beta2),
            ("epsilon", config.Epsilon), ("clipNorm", config.ClipNorm), ("packing", config.Packing),
            ("fusedKernels", config.FusedKernels && FusedKernels.IsSupported), ("seed", config.Seed), ("bestMetric", config.BestMetric),
            ("the training data", Digest(setup.Train)), ("the held-out data", Digest(setup.Validation)),
            ("the base model's dtype", setup.Model.DataType), (Base, BaseDigest.Of(setup, stage)),
        ];
        foreach (var (name, value) in settings)
        {
            identity[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        }

        // Not named where there is none, as in checkpoints of earlier versions.
        if (config.Ema is { } decay)
        {
            identity["ema"] = decay.ToString(CultureInfo.InvariantCulture);
        }

        if (config.Reduction != Reduction.Fast)
        {
            identity["reduction"] = config.Reduction.ToString();
        }

        foreach (var (name, digest) in setup.Sources)
        {
            identity[name] = digest;
        }

        foreach (var (name, value) in setup.Adapter is { } adapter ? JsonSerializer.SerializeToNode(adapter.Config)!.AsObject() : [])
        {
            identity[$"adapter.{name}"] = value?.ToJsonString() ?? "null";
        }

        if (setup.Adapter?.Blocks.Any(block => block.Config != setup.Adapter.Config) == true)
        {
            identity["adapter.blocks"] = string.Join(", ", setup.Adapter.Blocks.Select(block =>
                string.Create(CultureInfo.InvariantCulture, $"{block.ModuleName} {block.Config.Rank} {block.Config.Alpha}")));
        }

        return identity;
    }

    /// <summary>Refuses a checkpoint of another run.</summary>
    public static void Require(IReadOnlyDictionary<string, string> mine, SavedCheckpoint checkpoint, TrainSetup setup)
    {
        var theirs = checkpoint.State.Identity;
        var differences = mine.Keys.Union(theirs.Keys)
            .Where(name => mine.GetValueOrDefault(name) != theirs.GetValueOrDefault(name))
            .Where(name => !checkpoint.State.IsOfEarlierVersion || (name != Base && !setup.Sources.ContainsKey(name)))
            .Order(StringComparer.Ordinal)
            .ToList();
        var longer = differences.Contains(Steps) ? WhyNotLonger(mine, checkpoint.State, setup) : null;
        if (longer is null)
        {
            differences.Remove(Steps);
        }

        if (differences.Count > 0)
        {
            const string none = "not set";
            var named = differences.Select(
                name => $"{name} ({theirs.GetValueOrDefault(name, none)} there, {mine.GetValueOrDefault(name, none)} here)");
            throw new ConfigException(
                $"The checkpoint '{checkpoint.Path}' belongs to a run with other settings: {string.Join(", ", named)}. "
                + $"Resume with its settings, or train into another folder.{longer}");
        }
    }

    /// <summary>Why a run cannot have another number of steps, as a sentence that says what can be done; null when it can.</summary>
    private static string? WhyNotLonger(IReadOnlyDictionary<string, string> mine, TrainerState state, TrainSetup setup)
    {
        const string instead = " To train on from what it has learnt, start a new run with startFrom: and its best or last folder.";
        return setup switch
        {
            { Config.Schedule: not ScheduleKind.Constant } =>
                $" The length of a run with a {setup.Config.Schedule.ToString().ToLowerInvariant()} schedule is fixed, "
                + $"because its learning rate falls to 0 at the end.{instead}",
            { Adapter.Config.Shortcut.Anneal: > 0 } => $" The length of a run whose shortcuts are annealed is fixed.{instead}",
            { Adapter.Config.Kind: { DependsOnSteps: true } method } => $" The length of a run with {method.Title} is fixed.{instead}",
            _ when TrainerState.StepsOf(state.Identity) == 0 => "",
            _ when TrainerState.StepsOf(mine) < state.Step => $" The run has done {state.Step} steps already.",
            _ => null,
        };
    }

    private static string Digest(IReadOnlyList<IExample> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in examples)
        {
            example.AppendTo(hash);
        }

        const int shown = 12;
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..shown];
    }
}
